// Runs an explanation graph in onnxruntime-web's WebAssembly, as a browser would.
//
//   node run.mjs MODEL.onnx FOLDER
//
// FOLDER/inputs.json says name, type ("float32" or "int64") and dims of each input; FOLDER/<name>.bin
// holds its numbers, little-endian. The outputs come back in the same form, as outputs.json.
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import * as ort from "onnxruntime-web/wasm"

const ARRAYS = { float32: Float32Array, int64: BigInt64Array }
const [model, folder] = process.argv.slice(2)

async function readTensor({ name, type, dims }) {
  const bytes = await readFile(join(folder, `${name}.bin`))
  const numbers = new ARRAYS[type](new Uint8Array(bytes).buffer) // a copy: aligned, from its start
  return [name, new ort.Tensor(type, numbers, dims)]
}

ort.env.wasm.numThreads = 1
ort.env.logLevel = "error" // it warns that optional inputs may be left out
const session = await ort.InferenceSession.create(new Uint8Array(await readFile(model)), {
  executionProviders: ["wasm"],
})
const inputs = JSON.parse(await readFile(join(folder, "inputs.json"), "utf8"))
const results = await session.run(Object.fromEntries(await Promise.all(inputs.map(readTensor))))

const outputs = []
for (const [name, { type, dims, data }] of Object.entries(results)) {
  outputs.push({ name, type, dims })
  await writeFile(join(folder, `${name}.bin`), new Uint8Array(data.slice().buffer))
}
await writeFile(join(folder, "outputs.json"), JSON.stringify(outputs))
