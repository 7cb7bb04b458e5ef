import assert from "node:assert/strict"
import test from "node:test"

import { describeFit } from "../../../../dashboard/views/fundamentals/degree_player.js"

/** @type {(degree: number, train: number, test: number) => {degree: number, y: number[], train: number, test: number}} */
const fit = (degree, train, test) => ({ degree, y: [], train, test })
const fits = [fit(0, 1, 1), fit(1, 0.5, 0.3), fit(2, 0, 9), fit(5, 0, 0.4)]
const data = {
  train: [
    [0, 0],
    [1, 1],
    [2, 0],
  ],
  test: [],
  x: [],
  truth: [],
  noise: 0.2,
  best: 1,
  fits,
}

test("before the samples are met a fit is only compared with the best", () => {
  assert.match(describeFit(data, fits[0]), /Simpler than the best\.$/)
  assert.match(describeFit(data, fits[1]), /The best of all on new samples\.$/)
  assert.match(describeFit(data, fits[2]), /More flexible than the best\.$/)
})

test("past them it says how many coefficients there are, and that the error has fallen again", () => {
  const said = describeFit(data, fits[3])
  assert.match(said, /6 coefficients for 3 samples/)
  assert.match(said, /come down from 9[.0]* at degree 2: double descent/)
})

test("an error that has not fallen is not called double descent", () => {
  const rising = [...fits.slice(0, 3), fit(5, 0, 10)]
  assert.doesNotMatch(describeFit({ ...data, fits: rising }, rising[3]), /double descent/)
})
