// A convolution, place by place. The numbers come from the reader's picture and the network's first
// layer; every product and sum is made here: output = sum(pixel * weight) + bias.

function make(tag, properties = {}, children = []) {
  const element = document.createElement(tag)
  Object.assign(element, properties)
  element.append(...children)
  return element
}

// Blue below zero, orange above (Okabe-Ito), stronger when further from it.
function paint(value, top, colors) {
  const share = Math.round(Math.min(1, Math.abs(value) / (top || 1)) * 100)
  return `color-mix(in srgb, ${value < 0 ? colors.below : colors.above} ${share}%, ${colors.zero})`
}

const CHANNELS = ["red", "green", "blue"]

export function convolve({ values, kernels, biases, stride }, which, row, column) {
  const products = kernels[which].map((plane, c) =>
    plane.map((line, y) => line.map((w, x) => w * values[c][row * stride + y][column * stride + x])),
  )
  const sum = products.flat(2).reduce((total, product) => total + product, 0)
  return { products, sum: sum + biases[which] }
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".player")
  for (const [name, color] of Object.entries(data.colors)) root.style.setProperty(`--${name}`, color)
  const size = data.values[0].length
  const k = data.kernels[0][0].length
  const side = Math.floor((size - k) / data.stride) + 1
  const places = side * side
  let which = data.first
  let at = 0
  let timer = null
  let outputs = []

  const input = make("div", { className: "grid input" })
  input.style.setProperty("--side", size)
  for (const line of data.pixels)
    for (const [r, g, b] of line) {
      const cell = make("i")
      cell.style.background = `rgb(${r},${g},${b})`
      input.append(cell)
    }
  const frame = make("div", { className: "frame" })
  input.append(frame)
  const output = make("div", { className: "grid output" })
  output.style.setProperty("--side", side)
  const planes = make("div", { className: "planes" })
  const sentence = make("p", { className: "sum" })
  sentence.setAttribute("role", "status")
  const slider = make("input", { type: "range", min: 0, max: places - 1, step: 1, value: 0 })
  slider.setAttribute("aria-label", "Place of the kernel, row by row")
  const play = make("button", { type: "button", textContent: "▶ Play" })

  const move = (place) => {
    at = place
    const [row, column] = [Math.floor(at / side), at % side]
    slider.value = at
    slider.setAttribute("aria-valuetext", `row ${row + 1}, column ${column + 1}`)
    const share = (n) => `${(100 * n) / size}%`
    frame.style.cssText =
      `left:${share(column * data.stride)};top:${share(row * data.stride)};` +
      `width:${share(k)};height:${share(k)}`
    ;[...output.children].forEach((cell, i) => {
      cell.classList.toggle("now", i === at)
      cell.classList.toggle("done", i <= at)
    })
    const { products } = convolve(data, which, row, column)
    products.forEach((plane, c) =>
      plane.forEach((line, y) =>
        line.forEach((product, x) => {
          const cell = planes.children[c].querySelector(".weights").children[y * k + x]
          const pixel = data.values[c][row * data.stride + y][column * data.stride + x]
          cell.querySelector("b").textContent = product.toFixed(2)
          cell.title = `${pixel.toFixed(2)} × ${data.kernels[which][c][y][x].toFixed(2)}`
        }),
      ),
    )
    const total = outputs[at]
    const inner = total - data.biases[which]
    sentence.textContent =
      `Row ${row + 1}, column ${column + 1}: ${data.kernels[which].length * k * k} products, ` +
      `together ${inner.toFixed(2)}, plus bias ${data.biases[which].toFixed(2)} = ${total.toFixed(2)}. ` +
      (total < 0 ? "Below zero: the activation passes on 0." : "Above zero: passed on.")
  }

  const choose = (index) => {
    which = index
    picker.querySelectorAll("button").forEach((b, i) => b.setAttribute("aria-pressed", i === index))
    outputs = Array.from(
      { length: places },
      (_, i) => convolve(data, which, Math.floor(i / side), i % side).sum,
    )
    const top = Math.max(...outputs.map(Math.abs))
    output.replaceChildren(
      ...outputs.map((value, i) => {
        const cell = make("i", { textContent: value.toFixed(1) })
        cell.style.setProperty("--paint", paint(value, top, data.colors))
        cell.onpointerenter = () => stop(i)
        return cell
      }),
    )
    const strongest = Math.max(...data.kernels[which].flat(2).map(Math.abs))
    planes.replaceChildren(
      ...data.kernels[which].map((plane, c) => {
        const weights = make("div", { className: "weights" })
        weights.style.setProperty("--side", k)
        for (const w of plane.flat()) {
          const cell = make("span", {}, [make("small", { textContent: w.toFixed(2) }), make("b")])
          cell.style.background = paint(w, strongest, data.colors)
          weights.append(cell)
        }
        const name = data.kernels[which].length > 1 ? `weights on ${CHANNELS[c]}` : "weights"
        return make("div", {}, [make("h5", { textContent: name }), weights])
      }),
    )
    move(at)
  }

  const stop = (place) => {
    clearInterval(timer)
    timer = null
    play.textContent = "▶ Play"
    if (place !== undefined) move(place)
  }
  play.onclick = () => {
    if (timer !== null) return stop()
    play.textContent = "⏸ Pause"
    if (at === places - 1) move(0)
    timer = setInterval(() => {
      if (!root.isConnected || at === places - 1) return stop()
      move(at + 1)
    }, 220)
  }
  slider.oninput = () => stop(Number(slider.value))
  input.onpointermove = (event) => {
    const box = input.getBoundingClientRect()
    const toPlace = (offset, length) =>
      Math.min(side - 1, Math.max(0, Math.round(((offset / length) * size - k / 2) / data.stride)))
    const row = toPlace(event.clientY - box.top, box.height)
    stop(row * side + toPlace(event.clientX - box.left, box.width))
  }

  const picker = make(
    "div",
    { className: "picker" },
    data.kernels.map((kernel, i) => {
      const canvas = make("canvas", { width: k, height: k })
      const pen = canvas.getContext("2d")
      const top = Math.max(...kernel.flat(2).map(Math.abs)) || 1
      for (let y = 0; y < k; y++)
        for (let x = 0; x < k; x++) {
          const [r, g, b] = [0, 1, 2].map((c) =>
            Math.round(127.5 + (127.5 * kernel[Math.min(c, kernel.length - 1)][y][x]) / top),
          )
          pen.fillStyle = `rgb(${r},${g},${b})`
          pen.fillRect(x, y, 1, 1)
        }
      const button = make("button", { type: "button", onclick: () => choose(i) }, [canvas])
      button.setAttribute("aria-label", `Kernel ${i}`)
      button.title = `Kernel ${i}`
      return button
    }),
  )
  const [left, top, extent] = data.place
  const mark = make("div", { className: "mark" })
  mark.style.cssText = `left:${100 * left}%;top:${100 * top}%;width:${100 * extent}%;height:${100 * extent}%`
  const whole = make("div", { className: "whole" }, [
    make("img", { src: data.photo, alt: "The whole picture, with the part below framed" }),
    mark,
  ])
  const titled = (text, child) => make("div", {}, [make("h5", { textContent: text }), child])
  root.replaceChildren(
    titled(`The first layer's ${data.kernels.length} kernels, learnt, not drawn: choose one`, picker),
    make("div", { className: "bar" }, [play, slider]),
    make("div", { className: "row" }, [
      titled("the picture", whole),
      titled(`input, ${size} × ${size} pixels`, input),
      planes,
      titled("output", output),
    ]),
    sentence,
  )
  choose(which)
}
