// The neuron: products, sum and output, by hand.

import assert from "node:assert/strict"
import { test } from "node:test"
import { ACTIVATIONS } from "../../../../dashboard/figures/core.js"
import { fire } from "../../../../dashboard/views/fundamentals/neuron_figure.js"

test("inputs times weights, plus the bias, through the activation", () => {
  assert.deepEqual(fire([1, 0.5, 2, -4, 1], "relu"), { products: [2, -2], total: 1, output: 1 })
  assert.deepEqual(fire([1, 1, -2, 0, 0.5], "relu").output, 0)
  assert.equal(fire([0, 0, 1, 1, 0], "sigmoid").output, 0.5)
  assert.equal(fire([1, 0, 1, 0, 0], "tanh").output, Math.tanh(1))
})

for (const [name, { apply, slope }] of Object.entries(ACTIVATIONS))
  test(`the slope of ${name} is its derivative`, () => {
    for (const z of [-2, -0.3, 0.4, 1.7]) {
      const measured = (apply(z + 1e-6) - apply(z - 1e-6)) / 2e-6
      assert.ok(Math.abs(slope(z) - measured) < 1e-8)
    }
  })
