//! Recognises a framework by what its build contains.

use std::{collections::BTreeSet, ops::Bound};

use super::{Framework, hashed::has_rollup_hash, page::IndexPage};
use crate::site::ObjectKey;

/// The framework that made the build with these `keys` and this root page.
///
/// Looks for marks that no other tool leaves; in doubt the answer is [`Framework::Plain`], which has nothing cached
/// for long and so does no harm.
pub fn detect(keys: &BTreeSet<ObjectKey>, index_html: Option<&str>) -> Framework {
    let build = Build { keys, page: index_html.map(IndexPage::read).unwrap_or_default() };
    // From the most to the least telling mark: folders of its own, a signed page, names of files.
    build.by_folder().or_else(|| build.by_signature()).or_else(|| build.by_files()).unwrap_or(Framework::Plain)
}

struct Build<'b> {
    keys: &'b BTreeSet<ObjectKey>,
    page: IndexPage,
}

impl Build<'_> {
    fn by_folder(&self) -> Option<Framework> {
        let folders = [
            ("_next/static/", Framework::NextExport),
            ("_app/immutable/", Framework::SvelteKit),
            ("_nuxt/", Framework::Nuxt),
            ("_astro/", Framework::Astro),
            ("_expo/static/", Framework::Expo),
        ];
        folders.into_iter().find(|(folder, _)| self.has_folder(folder)).map(|(_, framework)| framework)
    }

    fn by_signature(&self) -> Option<Framework> {
        let generators = [
            ("docusaurus", Framework::Docusaurus),
            ("vitepress", Framework::VitePress),
            ("gatsby", Framework::Gatsby),
            ("astro", Framework::Astro),
            ("hugo", Framework::Hugo),
            ("jekyll", Framework::Jekyll),
            ("eleventy", Framework::Eleventy),
            ("mkdocs", Framework::MkDocs),
        ];
        let signed = generators.into_iter().find(|(tool, _)| self.page.generated_by(tool));
        match signed {
            Some((_, framework)) => Some(framework),
            None if self.page.remarks("Book generated using mdBook") => Some(Framework::MdBook),
            None => None,
        }
    }

    fn by_files(&self) -> Option<Framework> {
        use Framework as F;
        let page = &self.page;
        let marks = [
            (F::Gatsby, page.has_id("___gatsby") || self.has("page-data/app-data.json")),
            (F::VitePress, self.has("hashmap.json") && self.names_hashed(F::VitePress, "assets/app.")),
            (F::Docusaurus, page.has_id("__docusaurus") && self.names_hashed(F::Docusaurus, "assets/")),
            (F::Flutter, self.has("flutter_bootstrap.js") || self.has("flutter_service_worker.js")),
            (F::CreateReactApp, self.has("asset-manifest.json") && self.names_hashed(F::CreateReactApp, "static/js/")),
            (F::Angular, self.has_hashed(F::Angular, "main-") && (self.has("ngsw.json") || self.is_angular_page())),
            (F::Ember, page.has_meta_ending("/config/environment") && self.names_hashed(F::Ember, "assets/")),
            (F::VueCli, self.names_hashed(F::VueCli, "js/chunk-vendors.") || self.names_vue_app()),
            (F::Vite, self.names_hashed(F::Vite, "assets/") || self.loads_vite_entry()),
            (F::Parcel, self.names_hashed_at_root(F::Parcel)),
        ];
        marks.into_iter().find(|(_, marked)| *marked).map(|(framework, _)| framework)
    }

    fn has(&self, key: &str) -> bool {
        self.keys.contains(key)
    }

    fn has_folder(&self, prefix: &str) -> bool {
        self.starting_with(prefix).next().is_some()
    }

    fn starting_with<'s>(&'s self, prefix: &'s str) -> impl Iterator<Item = &'s ObjectKey> {
        self.keys
            .range::<str, _>((Bound::Included(prefix), Bound::Unbounded))
            .take_while(move |key| key.as_str().starts_with(prefix))
    }

    fn has_hashed(&self, framework: Framework, prefix: &str) -> bool {
        self.starting_with(prefix).any(|key| framework.hashes(key))
    }

    /// Whether the page loads a file that has this framework's hash: a build, not a file that happens to lie there.
    fn names_hashed(&self, framework: Framework, prefix: &str) -> bool {
        self.starting_with(prefix).any(|key| framework.hashes(key) && self.page.names_file(key.file_name()))
    }

    fn names_hashed_at_root(&self, framework: Framework) -> bool {
        let is_code = |key: &ObjectKey| matches!(key.extension(), Some("js" | "css"));
        self.keys
            .iter()
            .filter(|key| key.folder().is_empty() && is_code(key))
            .any(|key| framework.hashes(key) && self.page.names_file(key.file_name()))
    }

    /// Whether the page loads a script the way Vite writes it. One hash in six could be a word, and a build whose entry
    /// has such a hash is still Vite's: what it was in the release before, and what its other files are named by.
    fn loads_vite_entry(&self) -> bool {
        let is_entry = |key: &ObjectKey| has_rollup_hash(key) && self.page.loads_crossorigin_module(key.file_name());
        self.starting_with("assets/").any(is_entry)
    }

    fn is_angular_page(&self) -> bool {
        self.page.has_element("app-root") || self.names_hashed(Framework::Angular, "main-")
    }

    fn names_vue_app(&self) -> bool {
        self.page.has_id("app") && self.names_hashed(Framework::VueCli, "js/app.")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys(keys: &[&str]) -> BTreeSet<ObjectKey> {
        keys.iter().map(|key| ObjectKey::new(*key).unwrap()).collect()
    }

    #[test]
    fn builds_are_recognised() {
        use Framework::*;
        let hex32 = "0123456789abcdef0123456789abcdef";
        let ember = format!("assets/vendor-{hex32}.js");
        let ember_page = format!(r#"<meta name="shop/config/environment" content=""><script src="/{ember}">"#);
        let table: &[(Framework, &[&str], &str)] = &[
            (
                CreateReactApp,
                &["asset-manifest.json", "static/js/main.0a1b2c3d.js"],
                r#"<script defer="defer" src="/static/js/main.0a1b2c3d.js"></script><div id="root">"#,
            ),
            (
                Vite,
                &["assets/index-BmZ3gP9x.js", "favicon.ico"],
                r#"<script type="module" crossorigin src="/assets/index-BmZ3gP9x.js"></script>"#,
            ),
            (
                Vite,
                &["assets/entry.client-BmZ3gP9x.js"],
                r#"<link rel="modulepreload" href="/app/assets/entry.client-BmZ3gP9x.js">"#,
            ),
            (
                Vite,
                // Could be a word, but for the way it is loaded.
                &["assets/index-VoHoHado.js"],
                r#"<script type="module" crossorigin src="/assets/index-VoHoHado.js"></script>"#,
            ),
            (NextExport, &["_next/static/chunks/main.js", "index.txt"], ""),
            (Angular, &["main-FHJ2KQ7X.js"], r#"<app-root></app-root><script src="main-FHJ2KQ7X.js" type="module">"#),
            (Angular, &["main-FHJ2KQ7X.js", "ngsw.json"], ""),
            (SvelteKit, &["_app/immutable/entry/start.BdPpYfdF.js"], ""),
            (Astro, &["_astro/index.BdPpYfdF.css"], ""),
            (Astro, &["about/index.html"], r#"<meta name="generator" content="Astro v5.1.0">"#),
            (Nuxt, &["_nuxt/entry.js"], ""),
            (Gatsby, &["page-data/app-data.json"], ""),
            (Docusaurus, &["assets/js/main.7d0a1c2e.js"], r#"<meta name="generator" content="Docusaurus v3.6.0">"#),
            (VitePress, &["hashmap.json"], r#"<meta name="generator" content="VitePress v1.6.3">"#),
            (
                VitePress,
                &["hashmap.json", "assets/app.BdPpY8dF.js"],
                r#"<script type="module" src="/assets/app.BdPpY8dF.js">"#,
            ),
            (
                VueCli,
                &["js/app.0a1b2c3d.js", "js/chunk-vendors.0a1b2c3d.js"],
                r#"<script defer src="/js/chunk-vendors.0a1b2c3d.js"></script>"#,
            ),
            (Parcel, &["index.0a1b2c3d.js"], r#"<script src="/index.0a1b2c3d.js">"#),
            (Expo, &["_expo/static/js/web/entry.js"], ""),
            (Ember, &[&ember], &ember_page),
            (Hugo, &["css/style.css"], r#"<meta name="generator" content="Hugo 0.140.2">"#),
            (Flutter, &["flutter_bootstrap.js", "main.dart.js"], ""),
            (Eleventy, &["about/index.html"], r#"<meta name="generator" content="Eleventy v3.0.0">"#),
            (Jekyll, &["feed.xml"], r#"<meta name="generator" content="Jekyll v4.3.2" />"#),
            (
                MkDocs,
                &["search/search_index.json"],
                r#"<meta name="generator" content="mkdocs-1.6.1, mkdocs-material">"#,
            ),
            (MdBook, &["book.js"], "<!-- Book generated using mdBook -->"),
        ];
        for (framework, files, page) in table {
            assert_eq!(detect(&keys(files), Some(page)), *framework, "{files:?} {page}");
        }
    }

    #[test]
    fn what_is_not_certain_is_plain() {
        let table: &[(&[&str], Option<&str>)] = &[
            (&[], None),
            (&["index.html"], Some("<p>Hello")),
            (&["assets/index-features.js"], Some(r#"<script type="module" src="assets/index-features.js">"#)),
            (&["assets/features.js"], Some(r#"<script type="module" crossorigin src="assets/features.js">"#)),
            (&["assets/photo-20231105.jpg"], Some(r#"<img src="assets/photo-20231105.jpg">"#)),
            (&["assets/index-BmZ3gP9x.js"], Some("<p>a page that does not load it")),
            (&["assets/index-BmZ3gP9x.js"], None),
            (&["asset-manifest.json", "static/js/main.js"], Some(r#"<script src="/static/js/main.js">"#)),
            (&["static/js/main.0a1b2c3d.js"], Some(r#"<script src="/static/js/main.0a1b2c3d.js">"#)),
            (&["main-FEATURES.js"], Some("<app-root>")),
            (&["js/app.js"], Some(r#"<div id="app"><script src="js/app.js">"#)),
            (&["jquery-3.7.1.min.js"], Some(r#"<script src="jquery-3.7.1.min.js">"#)),
            (&["index.html"], Some(r#"<meta name="generator" content="Hugonaut 1">"#)),
            (&["hashmap.json", "manifest.json"], Some("")),
        ];
        for (files, page) in table {
            assert_eq!(detect(&keys(files), *page), Framework::Plain, "{files:?} {page:?}");
        }
    }

    proptest! {
        #[test]
        fn no_page_panics(page in "(<[a-z/!-]{0,6}|[ -~é]){0,60}") {
            detect(&keys(&["index.html"]), Some(&page));
        }
    }
}
