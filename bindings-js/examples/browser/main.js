// The page's script: creates a key, disables it, and deletes it again, through the page's
// own server.

async function ask(method, path) {
  const response = await fetch(path, { method });
  const body = await response.json();
  if (!response.ok) throw new Error(body.error);
  return body;
}

async function tryOut(say) {
  const { secret, hash, label } = await ask("POST", "/api/keys");
  try {
    say(`created ${label}, a secret of ${secret.length} characters`);
    for (const key of await ask("GET", "/api/keys")) {
      if (key.hash === hash) say(`listed ${key.label}`);
    }
    const { disabled } = await ask("POST", `/api/keys/${hash}/disable`);
    say(`disabled: ${disabled}`);
  } finally {
    await ask("DELETE", `/api/keys/${hash}`);
    say("deleted");
  }
}

const output = document.querySelector("pre");
const say = (line) => {
  output.textContent += `${line}\n`;
};
document.querySelector("button").addEventListener("click", () => {
  tryOut(say).catch((error) => say(error.message));
});
