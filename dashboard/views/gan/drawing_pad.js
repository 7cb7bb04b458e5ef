// A field of square pixels: the pointer paints a soft brush, the arrow keys move a cursor and space
// paints there. What is drawn is sent when the pointer is lifted, or at "Judge it".

import { clamp, createFigure, make, makeButton, readColor } from "../../figures/core.js"

const BRUSH = [
  [0, 0, 255],
  [1, 0, 200],
  [-1, 0, 200],
  [0, 1, 200],
  [0, -1, 200],
]
/** @type {Record<string, number[]>} */
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }

// The drawing outlives a redraw of the component; it is in no link.
const kept = { pixels: new Uint8Array(), at: [14, 14] }

/**
 * Lay the brush on a picture at a place; what it does not hold is cut off.
 * @param {Uint8Array} pixels (side, side)
 * @param {number} side
 * @param {number} x
 * @param {number} y
 */
export function paint(pixels, side, x, y) {
  for (const [dx, dy, value] of BRUSH) {
    const [u, v] = [x + dx, y + dy]
    if (Math.min(u, v) < 0 || Math.max(u, v) >= side) continue
    pixels[v * side + u] = Math.max(pixels[v * side + u], value)
  }
}

export default createFigure(
  /** @param {import("../../figures/core.js").Scene<{side: number}, {}>} scene */
  ({ root, data: { side }, send }) => {
    if (kept.pixels.length !== side * side) kept.pixels = new Uint8Array(side * side)
    const label = "Field to draw on: arrow keys move, space paints, delete clears"
    const canvas = make("canvas", { width: side, height: side, tabIndex: 0, role: "img", "aria-label": label })
    const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"))
    const cursor = [...readColor(root, "orange"), 255]

    const show = () => {
      const picture = pen.createImageData(side, side)
      kept.pixels.forEach((value, i) => {
        picture.data.set([value, value, value, 255], 4 * i)
      })
      const isFocused = /** @type {ShadowRoot} */ (root.getRootNode()).activeElement === canvas
      if (isFocused) picture.data.set(cursor, 4 * (kept.at[1] * side + kept.at[0]))
      pen.putImageData(picture, 0, 0)
    }
    const tell = () => send("drawing", btoa(String.fromCharCode(...kept.pixels)))
    const clear = () => {
      kept.pixels.fill(0)
      show()
      tell()
    }
    /** @type {number[] | null} */
    let last = null
    /** @param {PointerEvent} event */
    const stroke = (event) => {
      const box = canvas.getBoundingClientRect()
      const to = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]
      const [u, v] = to.map((share) => Math.floor(share * side))
      const [x, y] = last ?? [u, v]
      const count = Math.max(Math.abs(u - x), Math.abs(v - y), 1)
      for (let i = 0; i <= count; i++)
        paint(kept.pixels, side, Math.round(x + ((u - x) * i) / count), Math.round(y + ((v - y) * i) / count))
      last = [u, v]
      show()
    }
    canvas.onpointerdown = (event) => {
      canvas.setPointerCapture(event.pointerId)
      last = null
      stroke(event)
    }
    canvas.onpointermove = (event) => {
      if (last) stroke(event)
    }
    canvas.onpointerup = () => {
      if (last) tell()
      last = null
    }
    canvas.onpointercancel = () => {
      last = null
    }
    canvas.onkeydown = (event) => {
      const move = MOVES[event.key]
      if (move) kept.at = kept.at.map((value, i) => clamp(value + move[i], side - 1))
      else if (event.key === " ") paint(kept.pixels, side, kept.at[0], kept.at[1])
      else if (event.key === "Delete") clear()
      else return
      event.preventDefault()
      show()
    }
    canvas.onfocus = show
    canvas.onblur = show
    show()
    return [canvas, make("div", { className: "bar" }, [makeButton("Judge it", tell), makeButton("Clear", clear)])]
  },
)
