// What the core computes, without a browser: numbers, ticks, and the player's states.

import assert from "node:assert/strict"
import { test } from "node:test"
import {
  choosePause,
  chooseTicks,
  clamp,
  createPlayback,
  number,
  percent,
  percentFine,
  splitRuns,
  tint,
} from "../../../dashboard/figures/core.js"

test("a number has a real minus, fixed digits and no minus zero", () => {
  assert.equal(number(-1.25), "−1.25")
  assert.equal(number(-0.001), "0.00")
  assert.equal(number(0.5, 0), "1")
  assert.equal(number(-3, 1), "−3.0")
  for (const nothing of [null, undefined]) assert.equal(number(nothing), "none")
})

test("a percentage has a space that does not break, everywhere", () => {
  assert.equal(percent(0.93), "93\u00a0%")
  assert.equal(percent(-0.125, 1), "−12.5\u00a0%")
  assert.equal(percent(null), "none")
  assert.equal(percentFine(0.012), "1.2\u00a0%")
  assert.equal(percentFine(0.0996), "10\u00a0%")
})

test("a tint is the background at zero, and no stronger than full", () => {
  assert.equal(tint(0), "color-mix(in srgb, var(--above) 0%, transparent)")
  assert.equal(tint(-2, "#ffffff"), "color-mix(in srgb, var(--below) 100%, #ffffff)")
})

test("an axis has round numbers, five at most", () => {
  assert.deepEqual(chooseTicks(-0.5, 1), [-0.5, 0, 0.5, 1])
  assert.deepEqual(chooseTicks(0, 1), [0, 0.5, 1])
  assert.deepEqual(chooseTicks(-2.3, 4.1), [-2, 0, 2, 4])
})

test("a line breaks where a value is missing", () => {
  /** @type {(value: number) => number} */
  const same = (value) => value
  assert.deepEqual(splitRuns([1, 2, null, 4], same, same), [
    [
      [0, 1],
      [1, 2],
    ],
    [[3, 4]],
  ])
  assert.deepEqual(splitRuns([null, null], same, same), [])
})

test("a place stays within its ends", () => {
  assert.deepEqual(
    [-3, 2, 9].map((at) => clamp(at, 5)),
    [0, 2, 5],
  )
})

test("every player is as fast: all steps in about 12 s, none too short or too long to see", () => {
  assert.equal(choosePause(2), 800)
  assert.equal(choosePause(60), 200)
  assert.equal(choosePause(301), 60)
})

/** @param {number} last */
function watchPlayback(last, isAlive = () => true) {
  /** @type {(string | number | boolean)[]} */
  const seen = []
  /** @type {(() => void)[]} */
  const ticks = []
  const playback = createPlayback({
    last,
    isAlive,
    show: (at) => seen.push(at),
    say: (isPlaying) => seen.push(isPlaying),
    rest: () => seen.push("rest"),
    clock: {
      setInterval: (tick) => ticks.push(tick),
      clearInterval: () => ticks.splice(0),
    },
  })
  return { playback, seen, tick: () => ticks.at(-1)?.(), ticks }
}

test("it plays to the end, and says so to who listens", () => {
  const { playback, seen, tick, ticks } = watchPlayback(2)
  playback.go(0)
  playback.toggle()
  assert.ok(playback.isPlaying())
  tick()
  tick()
  assert.deepEqual(seen, [0, true, 1, 2, false, "rest"])
  assert.ok(!playback.isPlaying() && ticks.length === 0)
})

test("from the end it plays from the start, and pauses where it is", () => {
  const { playback, seen, tick } = watchPlayback(3)
  playback.go(3)
  playback.toggle()
  tick()
  playback.toggle()
  assert.deepEqual(seen, [3, 0, true, 1, false, "rest"])
  assert.equal(playback.getPlace(), 1)
})

test("a step stops it and stays within the ends; the reader has let go", () => {
  const { playback, seen } = watchPlayback(1)
  playback.go(0)
  playback.toggle()
  playback.step(-1)
  playback.step(1)
  playback.step(1)
  assert.deepEqual(seen, [0, true, false, 0, "rest", false, 1, "rest", false, 1, "rest"])
})

test("a figure that has gone stops, and tells nothing", () => {
  const { playback, seen, tick } = watchPlayback(9, () => false)
  playback.go(4)
  playback.toggle()
  tick()
  assert.deepEqual(seen, [4, true, false])
})
