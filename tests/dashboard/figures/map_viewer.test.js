// A curve is read straight between its points.

import assert from "node:assert/strict"
import { test } from "node:test"
import { readAt } from "../../../dashboard/figures/map_viewer.js"

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
