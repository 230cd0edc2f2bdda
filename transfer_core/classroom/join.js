// A sheet's QR code names the code behind #, which a browser never sends, so that it stands in no log.
const code = document.getElementById("code");
if (location.hash.length > 1 && !code.value) {
  code.value = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, "", location.pathname);
  document.getElementById("name").focus();
}
