"""Pure text. The only scripts there are: asking a browser for a security key.

They carry no value of ours: what they need stands in the page, escaped as everything else.
"""

from __future__ import annotations

from typing import Final

_SHARED: Final = """
const asked=document.getElementById('asked'),send=document.getElementById('send');
const bytes=t=>Uint8Array.from(atob(t.replace(/-/g,'+').replace(/_/g,'/')),c=>c.charCodeAt(0));
const text=b=>btoa(String.fromCharCode(...new Uint8Array(b)))
  .replace(/\\+/g,'-').replace(/\\//g,'_').replace(/=+$/,'');
const ids=l=>(l||[]).map(k=>({...k,id:bytes(k.id)}));
const options=JSON.parse(asked.dataset.options);
options.challenge=bytes(options.challenge);
const done=(made,response)=>{
  asked.value=JSON.stringify({id:made.id,rawId:text(made.rawId),type:made.type,response});
  send.submit();
};
const failed=()=>{document.getElementById('failed').hidden=false;};
"""
USE_KEY: Final = (
    _SHARED
    + """
options.allowCredentials=ids(options.allowCredentials);
document.getElementById('go').addEventListener('click',event=>{
  event.preventDefault();
  navigator.credentials.get({publicKey:options}).then(made=>done(made,{
    clientDataJSON:text(made.response.clientDataJSON),
    authenticatorData:text(made.response.authenticatorData),
    signature:text(made.response.signature)})).catch(failed);
});
"""
)
ADD_KEY: Final = (
    _SHARED
    + """
options.user.id=bytes(options.user.id);
options.excludeCredentials=ids(options.excludeCredentials);
document.getElementById('go').addEventListener('click',event=>{
  event.preventDefault();
  navigator.credentials.create({publicKey:options}).then(made=>done(made,{
    clientDataJSON:text(made.response.clientDataJSON),
    attestationObject:text(made.response.attestationObject)})).catch(failed);
});
"""
)
