// A curve is read straight between its points; pixels go in the order of the map.

import assert from "node:assert/strict"
import { test } from "node:test"
import { mixAt, readAt } from "../../../dashboard/figures/map_viewer.js"

test("between points, at them and at the ends", () => {
  const points = [
    [0, 1],
    [0.5, 0.5],
    [1, 0.1],
  ]
  for (const [share, height] of [
    [0, 1],
    [0.25, 0.75],
    [0.5, 0.5],
    [1, 0.1],
  ])
    assert.ok(Math.abs(readAt(points, share) - height) < 1e-12)
})

test("a pixel is another's from the step at which its turn has come", () => {
  const [before, after] = [new Uint8ClampedArray(12).fill(10), new Uint8ClampedArray(12).fill(200)]
  const order = new Uint8ClampedArray([1, 0, 0, 255, 3, 0, 0, 255, 2, 0, 0, 255])
  const seen = [0, 1, 2, 3].map((step) => {
    const target = new Uint8ClampedArray(12)
    mixAt(target, before, after, order, step)
    return [target[0], target[4], target[11]]
  })
  assert.deepEqual(seen, [
    [10, 10, 10],
    [200, 10, 10],
    [200, 10, 200],
    [200, 200, 200],
  ])
})
