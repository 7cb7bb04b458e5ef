// The convolution against products and sums made by hand.

import assert from "node:assert/strict"
import { test } from "node:test"
import { convolve } from "../../../../dashboard/views/cnn/convolution_player.js"

const scene = {
  values: [
    [
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ],
    [
      [0, 1, 0],
      [1, 0, 1],
      [0, 1, 0],
    ],
  ],
  kernels: [
    [
      [
        [1, 0],
        [0, -1],
      ],
      [
        [2, 0],
        [0, 2],
      ],
    ],
  ],
  biases: [0.5],
  stride: 1,
}

test("every product is a weight times the pixel under it, the sum has the bias", () => {
  const { products, sum } = convolve(scene, 0, 0, 1)
  assert.deepEqual(products, [
    [
      [2, 0],
      [0, -6],
    ],
    [
      [2, 0],
      [0, 2],
    ],
  ])
  assert.equal(sum, 2 - 6 + 2 + 2 + 0.5)
})

test("the stride moves the kernel by as many pixels", () => {
  const wide = { ...scene, stride: 2, kernels: [[[[1]], [[10]]]] }
  assert.equal(convolve(wide, 0, 1, 1).sum, 9 + 0 + 0.5)
  assert.equal(convolve(wide, 0, 0, 1).sum, 3 + 0 + 0.5)
})
