//! The tools that make static sites: how each is recognised, where it puts its build, and which names it hashes.
//!
//! What is said here of a tool comes from its documentation or from building with it; what is not said is not
//! assumed.

mod detect;
mod find;
mod hashed;
mod page;
mod project;

pub use detect::detect;
pub use find::{Found, find_build};
pub use project::{build_recipe, packages_of};

/// The tool that made a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Framework {
    /// react-scripts.
    CreateReactApp,
    /// Vite, whatever the library: React, Vue, Svelte, React Router in single-page mode.
    Vite,
    /// Next.js with `output: 'export'`.
    NextExport,
    /// Angular's application builder.
    Angular,
    /// SvelteKit with the static adapter.
    SvelteKit,
    /// Astro.
    Astro,
    /// `nuxt generate`.
    Nuxt,
    /// Gatsby.
    Gatsby,
    /// Docusaurus.
    Docusaurus,
    /// VitePress.
    VitePress,
    /// Vue CLI.
    VueCli,
    /// Parcel 2.
    Parcel,
    /// Expo for the Web.
    Expo,
    /// Ember.
    Ember,
    /// Hugo.
    Hugo,
    /// Flutter for the Web.
    Flutter,
    /// Eleventy.
    Eleventy,
    /// Jekyll.
    Jekyll,
    /// MkDocs.
    MkDocs,
    /// mdBook.
    MdBook,
    /// Files of a tool we do not know, or of none.
    Plain,
}

impl Framework {
    /// Every framework, [`Framework::Plain`] last.
    pub const ALL: [Self; 21] = [
        Self::CreateReactApp,
        Self::Vite,
        Self::NextExport,
        Self::Angular,
        Self::SvelteKit,
        Self::Astro,
        Self::Nuxt,
        Self::Gatsby,
        Self::Docusaurus,
        Self::VitePress,
        Self::VueCli,
        Self::Parcel,
        Self::Expo,
        Self::Ember,
        Self::Hugo,
        Self::Flutter,
        Self::Eleventy,
        Self::Jekyll,
        Self::MkDocs,
        Self::MdBook,
        Self::Plain,
    ];

    /// Its name as its makers write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::CreateReactApp => "Create React App",
            Self::Vite => "Vite",
            Self::NextExport => "Next.js export",
            Self::Angular => "Angular",
            Self::SvelteKit => "SvelteKit",
            Self::Astro => "Astro",
            Self::Nuxt => "Nuxt",
            Self::Gatsby => "Gatsby",
            Self::Docusaurus => "Docusaurus",
            Self::VitePress => "VitePress",
            Self::VueCli => "Vue CLI",
            Self::Parcel => "Parcel",
            Self::Expo => "Expo",
            Self::Ember => "Ember",
            Self::Hugo => "Hugo",
            Self::Flutter => "Flutter",
            Self::Eleventy => "Eleventy",
            Self::Jekyll => "Jekyll",
            Self::MkDocs => "MkDocs",
            Self::MdBook => "mdBook",
            Self::Plain => "plain files",
        }
    }
}

impl std::fmt::Display for Framework {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
