/**
 * `npm run bench` lists the claims that can be measured; `npm run bench -- NAME [options]` measures one.
 *
 * Every claim is a ratio within one run: absolute figures belong to one machine on one day.
 */
const benches: Readonly<Record<string, () => Promise<{ run(args: readonly string[]): Promise<void> }>>> = {
  'single-message': () => import('./single-message.js'),
  crc: () => import('./crc.js'),
  compression: () => import('./compression.js'),
  console: () => import('./console.js'),
  metrics: () => import('./metrics.js'),
  outage: () => import('./outage.js'),
  'in-flight': () => import('./in-flight.js'),
  refresh: () => import('./refresh.js'),
}

const [name, ...args] = process.argv.slice(2)
const bench = name !== undefined && Object.hasOwn(benches, name) ? benches[name] : undefined
if (bench) {
  await (await bench()).run(args)
} else {
  console.log(
    'npm run bench -- single-message   one message per send(), against other npm clients and a sink',
  )
  console.log('npm run bench -- crc              where zlib overtakes our CRC-32')
  console.log(
    'npm run bench -- console          a million lines through the console producer into a real 0.8.2.2',
  )
  console.log('npm run bench -- compression      how long large batches keep the event loop, codec by codec')
  console.log('npm run bench -- refresh          latency with a metadata refresh every second, and without')
  console.log('npm run bench -- outage           all brokers gone for ten seconds under steady traffic')
  console.log('npm run bench -- in-flight        several requests in flight over a high-latency network')
  console.log('npm run bench -- metrics          what counting costs: metrics as they are, and stubbed out')
  if (name !== undefined) process.exitCode = 1
}
