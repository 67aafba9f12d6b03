//! The viewer-request function, as JavaScript for CloudFront.
//!
//! The code keeps to what the runtime is documented to have: ECMAScript 5.1 and `const`, without `eval`, timers and
//! network (CloudFront Developer Guide, "JavaScript runtime 2.0 features for CloudFront Functions").

use super::{ESCAPES, EXTENSIONLESS_FILES, INDEX, LONGEST_EXTENSION, REDIRECT_CACHE_CONTROL, REDIRECT_STATUS};
use super::{Routing, UNTOUCHED_FOLDERS};

/// The runtime that the code is written for.
pub const RUNTIME: &str = "cloudfront-js-2.0";

/// The most bytes a function's code may have (CloudFront Developer Guide, "Quotas": 10 KB).
pub const MOST_BYTES: usize = 10 << 10;

/// The code of a function that redirects the hosts `redirects` to `https://PRIMARY`, path and query kept, and answers
/// every other request as [`Routing::route`] does; without a `routing` those pass unchanged.
///
/// The same arguments always give the same code, so that comparing codes tells whether a function is up to date.
pub fn code(routing: Option<Routing>, primary: &str, redirects: &[&str]) -> String {
    let mut body = String::new();
    if !redirects.is_empty() {
        body.push_str(&redirect_hosts(primary, redirects));
    }
    body.push_str(&routing.map_or_else(|| "  return request;\n".to_owned(), rewrite));
    let answers = if !redirects.is_empty() || routing == Some(Routing::Folders) { redirect() } else { String::new() };
    format!(
        "// Made by cruddur-site for {}: {}.\n\
         // The next bootstrap replaces changes that are made here by hand.\n\n\
         function handler(event) {{\n  const request = event.request;\n{body}}}\n{answers}",
        primary.escape_default(),
        routing.map_or("other names redirect to it", title),
    )
}

fn title(routing: Routing) -> &'static str {
    match routing {
        Routing::Spa => "one page answers every navigation",
        Routing::Folders => "/about is redirected to /about/, which is about/index.html",
        Routing::Files => "/about is about.html",
    }
}

/// The guide leaves open whether a function sees `/` or the default root object that stands for it. For `/index.html`
/// the visitor is sent to `/`, which is the same page either way.
fn redirect_hosts(primary: &str, redirects: &[&str]) -> String {
    let hosts: Vec<_> = redirects.iter().map(|host| host.to_ascii_lowercase()).collect();
    format!(
        r"
  // Other names of the site.
  const host = request.headers.host ? request.headers.host.value.toLowerCase().replace(/\.?(:[0-9]*)?$/, '') : '';
  if ({hosts}.indexOf(host) >= 0) {{
    const page = '/' + request.uri.replace(/^\/+/, '');
    return redirect({origin} + (page === {root} ? '/' : page), request);
  }}

",
        hosts = list(&hosts),
        origin = text(&format!("https://{primary}")),
        root = text(&format!("/{INDEX}")),
    )
}

fn rewrite(routing: Routing) -> String {
    let escapes: String =
        ESCAPES.iter().map(|(raw, escape)| format!(".split({}).join({})", text(raw), text(escape))).collect();
    let mut kept: Vec<String> =
        UNTOUCHED_FOLDERS.iter().map(|folder| format!("path.indexOf({}) === 0", text(folder))).collect();
    kept.push(format!("{}.indexOf(path) >= 0", list(&EXTENSIONLESS_FILES)));
    kept.push(format!(r"/\.(?=[0-9]*[A-Za-z])[A-Za-z0-9]{{1,{LONGEST_EXTENSION}}}$/.test(path)"));
    let index = text(INDEX);
    let pages = match routing {
        Routing::Spa => format!("  request.uri = {};\n", text(&format!("/{INDEX}"))),
        Routing::Folders => format!(
            "  if (path.charAt(path.length - 1) !== '/') {{\n    return redirect(path + '/', request);\n  }}\n  \
             request.uri = path + {index};\n"
        ),
        Routing::Files => {
            format!("  request.uri = path + (path.charAt(path.length - 1) === '/' ? {index} : '.html');\n")
        }
    };
    format!(
        "  // Browsers take // for another host, and \\ for a /; S3 takes + for a space.\n  \
         const path = ('/' + request.uri.replace(/^\\/+/, '')){escapes};\n\n  \
         // A file is served as asked for: where it is missing, that is a 404 and no page.\n  \
         if ({}) {{\n    request.uri = path;\n    return request;\n  }}\n\n  // Everything else is a page.\n\
         {pages}  return request;\n",
        kept.join(" ||\n      "),
    )
}

/// The query is asked for as the viewer sent it (CloudFront Developer Guide, "General helper methods"). Events made by
/// hand, as for `TestFunction`, have only the parsed one, whose names and values are still encoded.
fn redirect() -> String {
    format!(
        r"
// Browsers keep the redirect for a while, not for ever.
function redirect(location, request) {{
  const query = queryOf(request);
  return {{
    statusCode: {REDIRECT_STATUS},
    statusDescription: 'Moved Permanently',
    headers: {{
      'location': {{ value: query === undefined ? location : location + '?' + query }},
      'cache-control': {{ value: {cache_control} }}
    }}
  }};
}}

// The query as the viewer sent it; undefined for none.
function queryOf(request) {{
  if (typeof request.rawQueryString === 'function') {{
    return request.rawQueryString();
  }}
  const pairs = [];
  Object.keys(request.querystring || {{}}).forEach(function (name) {{
    const item = request.querystring[name];
    (item.multiValue || [item]).forEach(function (one) {{
      pairs.push(one.value === '' ? name : name + '=' + one.value);
    }});
  }});
  return pairs.length > 0 ? pairs.join('&') : undefined;
}}
",
        cache_control = text(REDIRECT_CACHE_CONTROL),
    )
}

/// A string literal. JSON's are JavaScript's, but for two line separators that no constant and no host has; they are
/// escaped all the same.
fn text(value: &str) -> String {
    let json = serde_json::Value::from(value).to_string();
    json.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

fn list<T: AsRef<str>>(values: &[T]) -> String {
    let items: Vec<_> = values.iter().map(|value| text(value.as_ref())).collect();
    format!("[{}]", items.join(", "))
}

#[cfg(test)]
mod tests;
