// A field of square pixels: the pointer paints a soft brush, the arrow keys move a cursor and space
// paints there. What is drawn is sent when the pointer is lifted, or at "Judge it".

const BRUSH = [[0, 0, 255], [1, 0, 200], [-1, 0, 200], [0, 1, 200], [0, -1, 200]]

function make(tag, properties = {}, children = []) {
  const element = document.createElement(tag)
  Object.assign(element, properties)
  element.append(...children)
  return element
}

// The drawing outlives a redraw of the component.
const kept = { pixels: null, at: [14, 14] }

export default function ({ data, parentElement, setTriggerValue }) {
  const side = data.side
  kept.pixels ??= new Uint8Array(side * side)
  const root = parentElement.querySelector(".pad")
  const canvas = make("canvas", { width: side, height: side, tabIndex: 0 })
  canvas.setAttribute("role", "img")
  canvas.setAttribute("aria-label", "Field to draw on: arrow keys move, space paints, delete clears")
  const context = canvas.getContext("2d")

  const show = () => {
    const picture = context.createImageData(side, side)
    kept.pixels.forEach((value, i) => picture.data.set([value, value, value, 255], 4 * i))
    if (document.activeElement === canvas || root.getRootNode().activeElement === canvas) {
      picture.data.set([230, 159, 0, 255], 4 * (kept.at[1] * side + kept.at[0]))
    }
    context.putImageData(picture, 0, 0)
  }
  const paint = (x, y) => {
    for (const [dx, dy, value] of BRUSH) {
      const [u, v] = [x + dx, y + dy]
      if (u >= 0 && v >= 0 && u < side && v < side) kept.pixels[v * side + u] = Math.max(kept.pixels[v * side + u], value)
    }
    show()
  }
  const send = () => setTriggerValue("drawing", btoa(String.fromCharCode(...kept.pixels)))
  const clear = () => { kept.pixels.fill(0); show(); send() }

  let last = null
  const place = (event) => {
    const box = canvas.getBoundingClientRect()
    return [Math.floor(((event.clientX - box.left) / box.width) * side), Math.floor(((event.clientY - box.top) / box.height) * side)]
  }
  const stroke = (to) => {
    const [x, y] = last ?? to
    const count = Math.max(Math.abs(to[0] - x), Math.abs(to[1] - y), 1)
    for (let i = 0; i <= count; i++) paint(Math.round(x + ((to[0] - x) * i) / count), Math.round(y + ((to[1] - y) * i) / count))
    last = to
  }
  canvas.onpointerdown = (event) => { canvas.setPointerCapture(event.pointerId); last = null; stroke(place(event)) }
  canvas.onpointermove = (event) => { if (last) stroke(place(event)) }
  canvas.onpointerup = () => { if (last) send(); last = null }
  canvas.onpointercancel = () => { last = null }
  canvas.onkeydown = (event) => {
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key]
    if (move) kept.at = kept.at.map((value, i) => Math.max(0, Math.min(side - 1, value + move[i])))
    else if (event.key === " ") paint(...kept.at)
    else if (event.key === "Delete") clear()
    else return
    event.preventDefault()
    show()
  }
  canvas.onfocus = show
  canvas.onblur = show

  const judge = make("button", { type: "button", textContent: "Judge it" })
  judge.onclick = send
  const wipe = make("button", { type: "button", textContent: "Clear" })
  wipe.onclick = clear
  root.replaceChildren(canvas, make("div", {}, [judge, wipe]))
  show()
}
