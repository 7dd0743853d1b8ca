// Plays the suite's tests against a server and writes what came of each.
//
//     client.mjs EDITION DIR BASE OUT [ID]
//
// EDITION is npm (0.4.5) or newer (a checkout with test-engine/).  OUT becomes
// a JSON list of {id, suite, kind, passed, result, message}; with ID one test
// is played, and what was said is printed.

import fs from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const CHUNK = 100
const PATIENCE = 20000
const PASSED = ['✅', 'Y']
const SURROGATE = 'tests/surrogate-control.mjs'

const [edition, dir, base, out, id] = process.argv.slice(2)

// a file of the suite, and a package as the suite finds it: above itself

const from = async path => import(pathToFileURL(`${dir}/${path}`))
const packageOf = createRequire(pathToFileURL(`${dir}/package.json`))


// The first edition takes a fetch, and never ends where an answer does not
// come; the newer one takes the global one, which has to be of the package
// that its interceptors are of.

const EDITIONS = {
  async npm (suites) {
    const fetch = packageOf('node-fetch')
    const { runTests, getResults } = await from('client/runner.mjs')
    const { determineTestResult } = await from('lib/display.mjs')
    const patient = (url, init) =>
      fetch(url, { ...init, signal: AbortSignal.timeout(PATIENCE) })

    await runTests(suites, patient, false, base, CHUNK)
    return [getResults(), determineTestResult]
  },

  async newer (suites) {
    globalThis.fetch = packageOf('undici').fetch

    const { runTests, getResults } = await from('test-engine/client/runner.mjs')
    const { determineTestResult } = await from('test-engine/lib/results.mjs')

    await runTests(suites, false, base, CHUNK)
    return [getResults(), determineTestResult]
  }
}


// Surrogate-Control is not in the first edition's own list.

async function allSuites () {
  const { default: suites } = await from('tests/index.mjs')

  if (fs.existsSync(`${dir}/${SURROGATE}`)) {
    suites.push((await from(SURROGATE)).default)
  }
  return suites
}


function only (suites, id) {
  for (const suite of suites) {
    for (const test of suite.tests) {
      if (test.id === id) return [{ ...suite, tests: [{ ...test, dump: true }] }]
    }
  }
  console.error(`no test ${id}`)
  process.exit(2)
}


// What kept a test from passing: its own message, or a test it depends on.

function reason (test, result, symbolOf) {
  const failed = (id ? [] : test.depends_on || [])
    .filter(one => !PASSED.includes(symbolOf(one)))

  return [
    ...failed.map(one => `needs ${one}`),
    ...(Array.isArray(result) ? [result.join(': ')] : [])
  ].join('; ')
}


function told (suite, test, results, determine, all) {
  const symbolOf = one => determine(all, one, results, !id)[2]
  const symbol = symbolOf(test.id)

  return {
    id: test.id,
    suite: suite.id,
    kind: test.kind || 'required',
    passed: PASSED.includes(symbol),
    result: symbol,
    message: reason(test, results[test.id], symbolOf)
  }
}


const all = await allSuites()
const suites = id ? only(all, id) : all
const [results, determine] = await EDITIONS[edition](suites)

const rows = suites.flatMap(suite => suite.tests
  .filter(test => !test.browser_only)
  .map(test => told(suite, test, results, determine, all)))

fs.writeFileSync(out, JSON.stringify(rows, null, 1) + '\n')
process.exit(0)
