// The passes of the small network: by hand, and the way back against differences of the loss.

import assert from "node:assert/strict"
import { test } from "node:test"
import { computeLoss, createIndex, pass, passBack } from "../../../../dashboard/views/fundamentals/network_player.js"

/** @type {(found: number, right: number, off?: number) => void} */
const close = (found, right, off = 1e-9) => assert.ok(Math.abs(found - right) <= off, `${found}, not ${right}`)

test("weights come layer by layer, then the biases", () => {
  const index = createIndex([2, 3, 1])
  assert.deepEqual([index.weight(0, 0, 0), index.weight(0, 1, 2), index.weight(1, 2, 0)], [0, 5, 8])
  assert.deepEqual([index.bias(0, 0), index.bias(0, 2), index.bias(1, 0)], [9, 11, 12])
})

test("a network of three units, by hand", () => {
  const w = [1, -1, 2, 3, 0.5, -2, 0.25, -4, 1] // 2 inputs to 2 units, to 1; then 3 biases
  const network = { sizes: [2, 2, 1], activation: "relu" }
  const { sums, activations, probability } = pass(w, network, [1, 2])
  assert.deepEqual(sums, [[1 + 4 + 0.25, -1 + 6 - 4], [0.5 * 5.25 - 2 * 1 + 1]])
  assert.deepEqual(activations[1], [5.25, 1])
  close(probability, 1 / (1 + Math.exp(-1.625)))
  const deltas = passBack(w, network, { sums, probability }, 1)
  close(deltas[1][0], probability - 1)
  close(deltas[0][0], 0.5 * (probability - 1))
  close(deltas[0][1], -2 * (probability - 1))
})

test("a relu that is shut sends no blame back", () => {
  const w = [1, 1, 1, -5, 0]
  const network = { sizes: [2, 1, 1], activation: "relu" }
  const passed = pass(w, network, [1, 1])
  assert.deepEqual(passed.activations[1], [0])
  assert.deepEqual(passBack(w, network, passed, 0)[0], [0])
})

for (const activation of ["relu", "sigmoid", "tanh"])
  test(`blame × input is the slope of the loss: ${activation}`, () => {
    const sizes = [2, 4, 3, 1]
    const index = createIndex(sizes)
    const w = Array.from({ length: 31 }, (_, i) => Math.sin(3 * i + 1))
    const network = { sizes, activation }
    const [point, label, h] = [[0.3, -0.7], 1, 1e-6]
    const passed = pass(w, network, point)
    const deltas = passBack(w, network, passed, label)
    /** @type {(at: number, by: number) => number} */
    const lossAt = (at, by) => {
      const moved = w.with(at, w[at] + by)
      return computeLoss(pass(moved, network, point).sums[2][0], label)
    }
    for (let l = 0; l + 1 < sizes.length; l++)
      for (let j = 0; j < sizes[l + 1]; j++) {
        for (let i = 0; i < sizes[l]; i++) {
          const at = index.weight(l, i, j)
          close(passed.activations[l][i] * deltas[l][j], (lossAt(at, h) - lossAt(at, -h)) / (2 * h), 1e-7)
        }
        const at = index.bias(l, j)
        close(deltas[l][j], (lossAt(at, h) - lossAt(at, -h)) / (2 * h), 1e-7)
      }
  })

test("the loss is the logarithm, and overflows nowhere", () => {
  close(computeLoss(0, 1), Math.log(2))
  close(computeLoss(2, 0), -Math.log(1 - 1 / (1 + Math.exp(-2))))
  assert.equal(computeLoss(-1000, 1), 1000)
  assert.equal(computeLoss(1000, 1), 0)
})
