using System.Text;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>responder bind|connect ADDRESS</c>: <c>echo</c> answers from then on, <c>hold</c> takes one request and keeps it until <c>reply
/// TEXT</c>.
/// </summary>
internal static class ResponderVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        await using var responder =
            arguments[0] == "bind"
                ? await Responder.BindAsync(arguments[1], Patience.Options)
                : await Responder.ConnectAsync(arguments[1], Patience.Options);
        Request held = default;
        return await new Commands()
            .On("echo", words =>
            {
                _ = responder.RunAsync((request, _) => request.Memory);
                return Task.FromResult("");
            })
            .On("hold", async _ =>
            {
                held = await responder.ReceiveAsync();
                return held.Text;
            })
            .On("reply", words =>
            {
                held.Reply(Encoding.UTF8.GetBytes(string.Join(' ', words)));
                held.Dispose();
                return Task.FromResult("");
            })
            .ObeyAsync(responder);
    }
}
