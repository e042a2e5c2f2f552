// Copy buttons: each copies the text of the element with the ID in its data-copy attribute.
for (const button of document.querySelectorAll('button[data-copy]')) {
  const label = button.textContent;
  button.addEventListener('click', async () => {
    const element = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(element.textContent);
      button.textContent = button.dataset.done;
      setTimeout(() => { button.textContent = label; }, 2000);
    } catch {
      // Without clipboard access, select the text so that the reader can copy it.
      getSelection().selectAllChildren(element);
    }
  });
}
