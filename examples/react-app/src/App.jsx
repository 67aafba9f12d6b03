import { Suspense, lazy } from "react";
import { Route, Routes } from "react-router";

import { Layout } from "./parts/Layout.jsx";
import { PostsProvider } from "./posts.jsx";
import { Feed } from "./routes/Feed.jsx";
import { Lost } from "./routes/Lost.jsx";

// A chunk of its own, fetched the first time somebody opens a profile.
const Profile = lazy(() => import("./routes/Profile.jsx"));

export function App() {
  return (
    <PostsProvider>
      <Layout>
        <Suspense fallback={<p className="soft">Rowing over…</p>}>
          <Routes>
            <Route index element={<Feed />} />
            <Route path="profile/:handle" element={<Profile />} />
            <Route path="*" element={<Lost />} />
          </Routes>
        </Suspense>
      </Layout>
    </PostsProvider>
  );
}
