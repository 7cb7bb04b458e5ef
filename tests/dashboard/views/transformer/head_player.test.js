// Shares of a head: a softmax at any temperature, and over how many words it spreads.

import assert from "node:assert/strict"
import { test } from "node:test"
import { readPairs, writePairs } from "../../../../dashboard/figures/core.js"
import { countSpread, softmax } from "../../../../dashboard/views/transformer/head_player.js"

/** @param {number[]} shares */
const add = (shares) => shares.reduce((a, b) => a + b)

test("shares add up to one, and their ratios are the scores' powers", () => {
  const shares = softmax([0, Math.log(3)], 1)
  assert.ok(Math.abs(shares[1] / shares[0] - 3) < 1e-12 && Math.abs(add(shares) - 1) < 1e-12)
  assert.ok(Math.abs(add(softmax([1000, 999, -1000], 0.1)) - 1) < 1e-12)
})

test("cold is sharper than warm", () => {
  const [cold, trained, warm] = [0.1, 1, 10].map((temperature) => softmax([1, 2], temperature)[1])
  assert.ok(cold > trained && trained > warm && warm > 0.5)
})

test("even shares spread over all, one share over one", () => {
  assert.ok(Math.abs(countSpread([0.25, 0.25, 0.25, 0.25]) - 4) < 1e-12)
  assert.equal(countSpread([1, 0, 0]), 1)
})

test("words are counted from 1 in the link and from 0 in the figure", () => {
  assert.deepEqual(readPairs("3-9,4-10"), [
    [2, 8],
    [3, 9],
  ])
  assert.equal(writePairs(readPairs("3-9,4-10")), "3-9,4-10")
})
