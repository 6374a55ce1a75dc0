/** The way in: a token, or a name and a password. What is typed goes to the server and nowhere else. */

import { Button, Form, Input, Segmented } from "antd";
import { useEffect, useState } from "react";
import { type Login, useLogin } from "../api/session";
import { useWords } from "../appearance";
import { Wrong } from "../ui/states";

type Way = "token" | "password";

export function LoginPage() {
  const words = useWords();
  const login = useLogin();
  const [way, setWay] = useState<Way>("token");
  const { mutate } = login;
  useEffect(() => {
    const token = tokenInLink();
    if (token) mutate({ token });
  }, [mutate]);
  return (
    <main className="login">
      <h1>Treadle</h1>
      <Segmented<Way>
        block
        value={way}
        onChange={setWay}
        options={[
          { value: "token", label: words.byToken },
          { value: "password", label: words.byPassword },
        ]}
      />
      <Form<Login> layout="vertical" onFinish={(said) => mutate(said)} requiredMark={false} key={way}>
        {way === "token" ? (
          <Form.Item name="token" label={words.token} extra={words.tokenHelp} rules={[{ required: true }]}>
            <Input.Password autoComplete="off" autoFocus />
          </Form.Item>
        ) : (
          <>
            <Form.Item name="name" label={words.name} rules={[{ required: true }]}>
              <Input autoComplete="username" autoFocus />
            </Form.Item>
            <Form.Item name="password" label={words.password} rules={[{ required: true }]}>
              <Input.Password autoComplete="current-password" />
            </Form.Item>
          </>
        )}
        {login.isError && <Wrong error={login.error} />}
        <Button type="primary" htmlType="submit" block loading={login.isPending}>
          {words.logIn}
        </Button>
      </Form>
    </main>
  );
}

/** A link may carry a token behind its `#`, which no server and no log sees. It is taken out of the address at once. */
function tokenInLink(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token) history.replaceState(null, "", location.pathname + location.search);
  return token;
}
