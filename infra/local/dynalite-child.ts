import dynalite from "dynalite";

// The database's process: tells its port, and ends with its parent.

const [, , folder] = process.argv;
if (folder === undefined) throw new Error("usage: dynalite-child FOLDER");
// Ctrl-C reaches every process of the terminal: the parent closes this one when its own work is done.
process.on("SIGINT", () => {});
const server = dynalite({ path: folder, createTableMs: 0 });
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object" && address !== null) process.send?.(address.port);
});
process.on("disconnect", () => {
  server.closeAllConnections();
  server.close(() => process.exit(0));
});
