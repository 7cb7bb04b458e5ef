// The brush: soft, cut off at the edge, and it never takes paint away.

import assert from "node:assert/strict"
import { test } from "node:test"
import { paint } from "../../../../dashboard/views/gan/drawing_pad.js"

test("the middle is full, its neighbours are softer", () => {
  const pixels = new Uint8Array(9)
  paint(pixels, 3, 1, 1)
  assert.deepEqual([...pixels], [0, 200, 0, 200, 255, 200, 0, 200, 0])
})

test("at a corner the rest is cut off, and a second stroke takes nothing away", () => {
  const pixels = new Uint8Array(4)
  paint(pixels, 2, 0, 0)
  paint(pixels, 2, 1, 0)
  assert.deepEqual([...pixels], [255, 255, 200, 200])
})
