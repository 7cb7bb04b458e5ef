// Copies the address at the moment of the click: Streamlit rewrites it after every run.
export default function ({ parentElement, data }) {
  const button = parentElement.querySelector('button')
  const said = parentElement.querySelector('span')
  button.onclick = async () => {
    const address = window.location.href
    try {
      await navigator.clipboard.writeText(address)
      said.textContent = `Copied. ${data.note}`
    } catch {
      said.textContent = `${address} ${data.note}` // plain http: to be copied by hand
    }
  }
}
