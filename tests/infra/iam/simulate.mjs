// Reads simulations as a JSON list from stdin, and writes the list of whether each is allowed.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const packages = createRequire(pathToFileURL(process.argv[2] + '/'))
const { runSimulation } = packages('@cloud-copilot/iam-simulate')
const told = []
for (const simulation of JSON.parse(readFileSync(0, 'utf8'))) {
  const result = await runSimulation(simulation, {})
  if (result.resultType === 'error') throw new Error(JSON.stringify([simulation.request, result.errors]))
  told.push(result.overallResult === 'Allowed')
}
console.log(JSON.stringify(told))
