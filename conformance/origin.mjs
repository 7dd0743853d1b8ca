// The suite's own origin server, heard on loopback alone: it listens on every
// address and has no option for that.
//
//     origin.mjs DIR      npm_config_protocol, _port and _pidfile as DIR wants

import { Server } from 'node:net'
import { pathToFileURL } from 'node:url'

const listen = Server.prototype.listen

Server.prototype.listen = function (port, ...rest) {
  return listen.call(this, port, '127.0.0.1', ...rest)
}

await import(pathToFileURL(`${process.argv[2]}/server/server.mjs`))
