/** The way in: a token, or a name and a password. What is typed goes to the server and nowhere else. */

import { Button, Form, Input, Segmented } from "antd";
import { useState } from "react";
import { Refusal } from "../api/client";
import { type Login, refusedLink, useLogin } from "../api/session";
import { useWords } from "../appearance";
import { Heading } from "../ui/heading";
import { Wrong } from "../ui/states";
import { Looks } from "./foot";
import { LOGIN } from "./login.words";
import "./login.css";

type Way = "token" | "password";

/** `again` where a session has ended in the midst of something. */
export function LoginPage({ again }: { again: boolean }) {
  const words = { ...useWords(), ...useWords(LOGIN) };
  const { mutate, error, isIdle, isPending } = useLogin();
  const [way, setWay] = useState<Way>("token");
  return (
    <main className="login">
      <Heading title={words.logIn}>Treadle</Heading>
      {again && isIdle && <p role="status">{words.ended}</p>}
      {refusedLink() && isIdle && <Refused title={words.linkRefused}>{words.linkHelp}</Refused>}
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
        {error &&
          (error instanceof Refusal && error.problem.status === 401 ? (
            <Refused title={way === "token" ? words.tokenWrong : words.passwordWrong} />
          ) : (
            <Wrong error={error} />
          ))}
        <Button type="primary" htmlType="submit" block loading={isPending}>
          {words.logIn}
        </Button>
      </Form>
      <Looks />
    </main>
  );
}

function Refused({ title, children }: { title: string; children?: string }) {
  return (
    <div className="login-refused" role="alert">
      <strong>{title}</strong>
      {children && <p>{children}</p>}
    </div>
  );
}
