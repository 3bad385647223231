/** Version of the API, as its document states it. */
export const apiVersion = "0.1.0";
