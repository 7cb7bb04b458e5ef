// The pair that is shown first: least alike, neither trivial nor flat.

import assert from "node:assert/strict"
import { test } from "node:test"
import { findWorst } from "../../../../dashboard/views/black_box/agreement_matrix.js"

/** @param {boolean[]} trivial */
const maps = (trivial) => trivial.map((is_trivial, i) => ({ name: `m${i}`, title: "", overlay: "", is_trivial }))

test("trivial maps and flat ones are left aside", () => {
  const correlation = [
    [1, 0.5, 0.9, null],
    [0.5, 1, 0.2, null],
    [0.9, 0.2, 1, null],
    [null, null, null, null],
  ]
  assert.deepEqual(findWorst({ maps: maps([false, false, false, false]), correlation }), [2, 1])
  assert.deepEqual(findWorst({ maps: maps([false, false, true, false]), correlation }), [1, 0])
})

test("with one map or none to compare there is still a pair", () => {
  assert.deepEqual(findWorst({ maps: maps([true, true]), correlation: [[1], [0, 1]] }), [0, 1])
  assert.deepEqual(findWorst({ maps: maps([false]), correlation: [[1]] }), [0, 0])
})
