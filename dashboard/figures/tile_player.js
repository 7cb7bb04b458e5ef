// Pictures that form step by step. All frames are here: the player and the chart move without the
// server, which is told at most on which frame the reader settled.

import { createChart, createFigure, createPlayer, make, percent, showTile } from "./core.js"

/**
 * @typedef {{title: string, sprite: string, tiles: number}} Panel
 * @typedef {{title: string, panels: Panel[], notes: string[], line: number[]}} Row
 * @typedef {{axis: string, chart: string, frames: string[], rows: Row[]}} Film
 */

/**
 * @param {Row} row
 * @param {number} index
 */
function drawRow({ title, panels, notes }, index) {
  const pictures = panels.map((panel) =>
    make("div", { className: "picture", role: "img", "aria-label": `${title}: ${panel.title}` }),
  )
  const figures = panels.map((panel, i) =>
    make("figure", {}, [pictures[i], make("figcaption", { textContent: panel.title })]),
  )
  const className = panels.length > 3 ? "panels many" : "panels"
  const note = make("p", { className: "note" })
  const element = make("section", {}, [
    make("h4", { textContent: title, className: index ? "second" : "first" }),
    make("div", { className, style: { "--count": panels.length } }, figures),
    note,
  ])
  /** @type {(frame: number) => void} */
  const move = (frame) => {
    panels.forEach(({ sprite, tiles }, i) => {
      showTile(pictures[i], sprite, Math.min(frame, tiles - 1), tiles)
    })
    note.textContent = notes[frame]
  }
  return { element, move }
}

/** @param {Film} data */
function drawLines({ rows, chart }) {
  const lines = rows.filter(({ line }) => line.length).map(({ title, line }) => ({ title, values: line }))
  const ends = lines.map(({ title, values }) => `${title} ${percent(values.at(-1) ?? 0)}`)
  const label = `${chart}; at the end: ${ends.join("; ")}`
  return lines.length ? [createChart({ lines, low: 0, high: 1, label, caption: chart, write: percent })] : []
}

export default createFigure(
  /** @param {import("./core.js").Scene<Film, {frame: number}>} scene */
  ({ data, state, tell }) => {
    const parts = [...data.rows.map(drawRow), ...drawLines(data)]
    const player = createPlayer({
      label: data.axis,
      max: data.frames.length - 1,
      describe: (frame) => data.frames[frame],
      show: (frame) => {
        state.frame = frame
        for (const part of parts) part.move(frame)
      },
      rest: tell,
    })
    player.go(state.frame)
    return [player.element, ...parts.map(({ element }) => element)]
  },
)
