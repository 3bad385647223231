import { dirname } from "node:path";
import dynalite from "dynalite";
import { lockDatabase } from "./folder-lock.ts";

// The database's process: tells its port, and ends with its parent.

const [, , folder] = process.argv;
if (folder === undefined) throw new Error("usage: dynalite-child FOLDER");
/** How long the database of an exchange that was killed may take to end. */
const patienceMs = 15_000;
// Ctrl-C reaches every process of the terminal: the parent closes this one when its own work is done.
process.on("SIGINT", () => {});
let close = (): void => process.exit(0);
process.on("disconnect", () => close());
// The parent may have died while this file was being loaded, with nobody to hear of it.
if (!process.connected) close();
await lockDatabase(dirname(folder), patienceMs).catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
const server = dynalite({ path: folder, createTableMs: 0 });
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  // A parent that has died meanwhile is no error: its death closes this process.
  if (typeof address === "object" && address !== null)
    process.send?.(address.port, undefined, undefined, () => undefined);
});
close = () => {
  server.closeAllConnections();
  server.close(() => process.exit(0));
  // Killing it is as safe: what was answered is written.
  setTimeout(() => process.exit(0), 5_000);
};
