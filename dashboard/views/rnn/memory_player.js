// Two networks read a text word by word: verdicts, what they carry along, the gates of one unit.
// Everything was computed on the server; the player, the words and the units work here alone.

import {
  createChart,
  createFigure,
  createPlayer,
  createSelect,
  make,
  makeButton,
  makeDrawing,
  makeSvg,
  number,
  percent,
  tint,
} from "../../figures/core.js"

/**
 * @typedef {object} Network
 * @property {string} key "first" or "second"
 * @property {string} name
 * @property {string} carries
 * @property {number[]} verdicts (T,)
 * @property {number[][]} carried (units, T)
 * @property {number[]} units
 * @property {Record<string, number[][]> | null} gates (units, T) each
 * @property {Record<string, number[]>} shares by way of asking
 * @typedef {{words: string[], unknown: number[], networks: Network[], ways: string[]}} Memory
 * @typedef {{word: number, way: number, unit: number}} State
 */

const CELL = 10 // height of a unit's row; the width follows the number of words
const LONG_WORD = 24 // characters; longer ones are shortened, in full when pointed at
const GATES = [
  { name: "forget_gate", title: "forget gate", help: "share of the memory that is kept", low: 0 },
  { name: "input_gate", title: "input gate", help: "share of the candidate that is written", low: 0 },
  { name: "candidate", title: "candidate", help: "what is proposed to be written", low: -1 },
  { name: "cells", title: "memory", help: "what the cell then holds", low: -1 },
  { name: "output_gate", title: "output gate", help: "share of the memory that shows", low: 0 },
  {
    name: "states",
    title: "state",
    help: "what the cell shows to the next word and to the verdict",
    low: -1,
  },
]

/** @param {string} word */
const shorten = (word) => (word.length > LONG_WORD ? `${word.slice(0, LONG_WORD - 1)}…` : word)

/**
 * Return one unit's values over the words, a bar a word, from 0 to 1 or (low = -1) both ways.
 * @param {number[]} values
 * @param {number} low
 * @param {number} now
 * @param {string} label
 */
function drawBars(values, low, now, label) {
  const top = low ? Math.max(1, ...values.map(Math.abs)) : 1
  const zero = low ? 0.5 : 1
  const bars = values.map((value, t) => {
    const height = (Math.abs(value) / top) * zero
    const name = t === now ? "now" : t > now ? "later" : ""
    return makeSvg("rect", { x: t + 0.06, y: value < 0 ? zero : zero - height, width: 0.88, height, class: name })
  })
  const axis = makeSvg("line", { x1: 0, x2: values.length, y1: zero, y2: zero, class: "axis" })
  const drawing = makeDrawing(values.length, 1, label, [...bars, axis])
  drawing.setAttribute("preserveAspectRatio", "none")
  drawing.classList.add("bars")
  return drawing
}

/**
 * @param {Network} network
 * @param {(unit: number, word: number) => void} choose
 */
function drawHeat({ name, carried, gates }, choose) {
  const [count, columns] = [carried.length, carried[0].length]
  const scale = Math.max(...carried.flat().map(Math.abs), 1e-9)
  const cells = carried.flatMap((row, unit) =>
    row.map((value, t) => {
      const style = `fill: ${tint(value / scale)}`
      const cell = makeSvg("rect", { x: t, y: unit * CELL, width: 1.02, height: CELL, style })
      cell.onclick = () => choose(unit, t)
      return cell
    }),
  )
  const cursor = makeSvg("rect", { y: 0, width: 1, height: count * CELL, class: "cursor" })
  const chosen = makeSvg("rect", { x: 0, width: columns, height: CELL, class: "chosen" })
  const label = `${name}: ${count} units over the words; orange above zero, blue below`
  const drawing = makeDrawing(columns, count * CELL, label, [...cells, cursor, ...(gates ? [chosen] : [])])
  drawing.setAttribute("preserveAspectRatio", "none")
  drawing.classList.add("heat")
  /** @param {State} state */
  const move = ({ word, unit }) => {
    cursor.setAttribute("x", String(word))
    chosen.setAttribute("y", String(unit * CELL))
  }
  return { drawing, move }
}

/** @param {Network[]} networks */
function drawVerdicts(networks) {
  const ends = networks.map(({ name, verdicts }) => `${name} ends at ${percent(verdicts.at(-1))}`)
  return createChart({
    label: `Probability of praise after every word. ${ends.join(", ")}.`,
    caption: "Probability that the text praises, after every word",
    low: 0,
    high: 1,
    write: percent,
    lines: networks.map(({ name, verdicts }) => ({ title: name, values: verdicts })),
  })
}

export default createFigure(
  /** @param {import("../../figures/core.js").Scene<Memory, State>} scene */
  ({ data: { words, unknown, networks, ways }, state, tell }) => {
    const last = words.length - 1
    const gated = networks.find(({ gates }) => gates)
    const [panel, gates] = [make("section", { className: "cell" }), make("div", { className: "gates" })]
    const told = make("p", { className: "told", "aria-live": "polite" })
    /** @param {Partial<State>} change */
    const go = (change) => {
      player.halt()
      Object.assign(state, change)
      player.go(state.word)
      tell()
    }
    /** @type {(word: string, i: number) => HTMLButtonElement} */
    const makeWord = (word, i) => {
      const isUnknown = unknown.includes(i)
      const title = isUnknown ? "unknown to the networks: all unknown words are one to them" : word
      const className = isUnknown ? "unknown" : ""
      return makeButton(shorten(word), () => go({ word: i }), { title, className })
    }
    const rows = networks.map((network) => {
      const buttons = words.map(makeWord)
      const verdict = make("b")
      /** @type {(unit: number, word: number) => void} */
      const choose = (unit, word) => go(network.gates ? { word, unit } : { word })
      const heat = drawHeat(network, choose)
      const element = make("section", {}, [
        make("h4", {}, [make("i", { className: network.key }), `${network.name}: `, verdict]),
        make("p", { className: "words" }, buttons),
        make("p", { className: "note", textContent: network.carries }),
        heat.drawing,
      ])
      return { network, buttons, verdict, heat, element }
    })
    const colour = () => {
      for (const { network, buttons } of rows) {
        const shares = network.shares[ways[state.way]]
        const scale = Math.max(...shares.map(Math.abs), 1e-9)
        buttons.forEach((button, i) => {
          button.style.background = tint((0.85 * shares[i]) / scale)
          button.setAttribute("aria-label", `${words[i]}: ${number(shares[i])}`)
        })
      }
    }
    const way = createSelect("words coloured by", (index) => {
      state.way = index
      colour()
      tell()
    })
    way.fill(ways, state.way)
    const unit = createSelect("unit", (index) => go({ unit: index }))
    if (gated) {
      unit.fill(
        gated.units.map((each) => `unit ${each}`),
        state.unit,
      )
      panel.append(make("h4", {}, ["One memory cell of the LSTM: ", unit.select]), gates, told)
    }
    const chart = drawVerdicts(networks)

    /** @type {(values: Record<string, number[][]>, t: number) => void} */
    const explain = (values, t) => {
      /** @type {(name: string, at?: number) => string} */
      const read = (name, at = t) => number(values[name][state.unit][at])
      gates.replaceChildren(
        ...GATES.map(({ name, title, help, low }) => {
          const label = `${title} over the words, ${help}; now ${read(name)}`
          const bars = drawBars(values[name][state.unit], low, t, label)
          return make("div", { title: help }, [make("span", {}, [title]), bars, make("b", {}, [read(name)])])
        }),
      )
      told.textContent =
        `At “${shorten(words[t])}”: memory ${t > 0 ? read("cells", t - 1) : number(0)} × ${read("forget_gate")} kept, ` +
        `plus ${read("candidate")} × ${read("input_gate")} written, is ${read("cells")}. ` +
        `The state shows tanh of it × ${read("output_gate")} = ${read("states")}.`
    }
    const player = createPlayer({
      label: "word",
      max: last,
      describe: (word) => `${word + 1} of ${last + 1}: ${shorten(words[word])}`,
      show: (word) => {
        state.word = word
        chart.move(word)
        unit.select.value = String(state.unit)
        for (const { network, buttons, verdict, heat } of rows) {
          verdict.textContent = `${percent(network.verdicts[word])} praise`
          buttons.forEach((button, i) => {
            button.classList.toggle("now", i === word)
            button.classList.toggle("later", i > word)
          })
          heat.move(state)
        }
        if (gated?.gates) explain(gated.gates, word)
      },
      rest: tell,
    })
    colour()
    player.go(state.word)
    const note = make("span", { className: "note" }, ["orange for praise, blue for blame"])
    return [
      player.element,
      chart.element,
      make("label", { className: "bar" }, ["Words coloured by ", way.select, note]),
      ...rows.map(({ element }) => element),
      ...(gated ? [panel] : []),
    ]
  },
)
