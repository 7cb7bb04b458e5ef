// A convolution, place by place. The numbers come from the reader's picture and the network's first
// layer; every product and sum is made here: output = sum(pixel * weight) + bias.

import { createChoice, createFigure, createPlayer, make, makeStatus, number, tint } from "../../figures/core.js"

/**
 * @typedef {object} Scene
 * @property {number[][][]} values (C, S, S)
 * @property {number[][][]} pixels (S, S, 3)
 * @property {number[][][][]} kernels (K, C, k, k)
 * @property {number[]} biases (K,)
 * @property {number} stride
 * @property {string} photo
 * @property {number[]} place left, top and side as shares of the photo
 */

const CHANNELS = ["red", "green", "blue"]
const ZERO = "#ffffff"

/**
 * Return all products (C, k, k) of a kernel at a place, and their sum with the bias.
 * @param {Pick<Scene, "values" | "kernels" | "biases" | "stride">} scene
 * @param {number} which
 * @param {number} row
 * @param {number} column
 */
export function convolve({ values, kernels, biases, stride }, which, row, column) {
  const products = kernels[which].map((plane, c) =>
    plane.map((line, y) => line.map((w, x) => w * values[c][row * stride + y][column * stride + x])),
  )
  return { products, sum: products.flat(2).reduce((total, product) => total + product, biases[which]) }
}

/** @param {number[]} values */
const findStrongest = (values) => Math.max(...values.map(Math.abs)) || 1

/**
 * @param {number} side
 * @param {string} className
 * @param {HTMLElement[]} cells
 */
const makeGrid = (side, className, cells) => make("div", { className, style: { "--side": side } }, cells)

/**
 * @param {string} title
 * @param {HTMLElement} child
 */
const addTitle = (title, child) => make("div", {}, [make("h5", { textContent: title }), child])

/**
 * Return a kernel in its colours, a pixel a weight, grey for zero.
 * @param {number[][][]} kernel (C, k, k)
 */
function drawKernel(kernel) {
  const size = kernel[0].length
  const canvas = make("canvas", { width: size, height: size })
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"))
  const top = findStrongest(kernel.flat(2))
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const parts = [0, 1, 2].map((c) => 127.5 + (127.5 * kernel[Math.min(c, kernel.length - 1)][y][x]) / top)
      pen.fillStyle = `rgb(${parts.map(Math.round).join(",")})`
      pen.fillRect(x, y, 1, 1)
    }
  return canvas
}

/**
 * Return a kernel's weights (C, k, k) and what writes the products under them.
 * @param {number[][][]} kernel
 */
function drawPlanes(kernel) {
  const top = findStrongest(kernel.flat(2))
  const products = kernel.flat(2).map(() => make("b"))
  const cells = kernel
    .flat(2)
    .map((w, i) =>
      make("span", { style: { background: tint(w / top, ZERO) } }, [
        make("small", { textContent: number(w) }),
        products[i],
      ]),
    )
  const size = kernel[0].length
  const planes = kernel.map((_, c) => {
    const name = kernel.length > 1 ? `weights on ${CHANNELS[c]}` : "weights"
    return addTitle(name, makeGrid(size, "weights", cells.slice(c * size * size, (c + 1) * size * size)))
  })
  /** @type {(values: number[]) => void} */
  const write = (values) =>
    values.forEach((value, i) => {
      products[i].textContent = number(value)
    })
  return { planes, write }
}

/** @param {Scene} data */
function drawWhole({ photo, place }) {
  const [left, top, side] = place.map((share) => `${100 * share}%`)
  return make("div", { className: "whole" }, [
    make("img", { src: photo, alt: "The whole picture, with the part below framed" }),
    make("div", { className: "mark", style: { left, top, width: side, height: side } }),
  ])
}

export default createFigure(
  /** @param {import("../../figures/core.js").Scene<Scene, {kernel: number, place: number}>} scene */
  ({ data, state, tell }) => {
    const size = data.values[0].length
    const k = data.kernels[0][0].length
    const side = Math.floor((size - k) / data.stride) + 1
    const frame = make("div", {
      className: "frame",
      style: { width: `${(100 * k) / size}%`, height: `${(100 * k) / size}%` },
    })
    const pixels = data.pixels.flat().map((color) => make("i", { style: { background: `rgb(${color.join(",")})` } }))
    const input = makeGrid(size, "grid input", [...pixels, frame])
    const output = makeGrid(side, "grid output", [])
    const planes = make("div", { className: "planes" })
    const sentence = makeStatus("what sum")
    /** @type {(values: number[]) => void} */
    let write = () => {}

    /** @type {(place: number) => void} */
    const show = (place) => {
      state.place = place
      const [row, column] = [Math.floor(place / side), place % side]
      frame.style.left = `${(100 * column * data.stride) / size}%`
      frame.style.top = `${(100 * row * data.stride) / size}%`
      Array.from(output.children).forEach((cell, i) => {
        cell.className = i === place ? "done now" : i < place ? "done" : ""
      })
      const { products, sum } = convolve(data, state.kernel, row, column)
      write(products.flat(2))
      const bias = data.biases[state.kernel]
      sentence.textContent =
        `Row ${row + 1}, column ${column + 1}: ${products.flat(2).length} products, ` +
        `together ${number(sum - bias)}, plus bias ${number(bias)} = ${number(sum)}. ` +
        (sum < 0 ? "Below zero: the activation passes on 0." : "Above zero: passed on.")
    }
    const player = createPlayer({
      label: "Place of the kernel, row by row",
      max: side * side - 1,
      describe: (place) => `row ${Math.floor(place / side) + 1}, column ${(place % side) + 1}`,
      show,
      rest: tell,
    })
    /** @type {(place: number) => void} */
    const point = (place) => {
      player.halt()
      player.go(place)
    }
    const choose = () => {
      picker.press(state.kernel)
      const sums = Array.from(
        { length: side * side },
        (_, i) => convolve(data, state.kernel, Math.floor(i / side), i % side).sum,
      )
      const top = findStrongest(sums)
      output.replaceChildren(
        ...sums.map((sum, i) =>
          make("i", {
            textContent: number(sum, 1),
            style: { "--paint": tint(sum / top, ZERO) },
            onpointerenter: () => point(i),
            onclick: tell,
          }),
        ),
      )
      const drawn = drawPlanes(data.kernels[state.kernel])
      write = drawn.write
      planes.replaceChildren(...drawn.planes)
      player.go(state.place)
    }
    const picker = createChoice(
      data.kernels.map((_, i) => `Kernel ${i}`),
      (index) => {
        state.kernel = index
        choose()
        tell()
      },
    )
    picker.buttons.forEach((button, i) => {
      button.setAttribute("aria-label", `Kernel ${i}`)
      button.title = `Kernel ${i}`
      button.replaceChildren(drawKernel(data.kernels[i]))
    })
    input.onpointermove = (event) => {
      const box = input.getBoundingClientRect()
      /** @type {(offset: number, length: number) => number} */
      const toPlace = (offset, length) =>
        Math.min(side - 1, Math.max(0, Math.round(((offset / length) * size - k / 2) / data.stride)))
      point(toPlace(event.clientY - box.top, box.height) * side + toPlace(event.clientX - box.left, box.width))
    }
    input.onclick = tell
    choose()
    return [
      addTitle(
        `The first layer's ${data.kernels.length} kernels, learnt, not drawn: choose one`,
        make("div", { className: "picker" }, picker.buttons),
      ),
      player.element,
      make("div", { className: "row" }, [
        addTitle("the picture", drawWhole(data)),
        addTitle(`input, ${size} × ${size} pixels`, input),
        planes,
        addTitle("output", output),
      ]),
      sentence,
    ]
  },
)
