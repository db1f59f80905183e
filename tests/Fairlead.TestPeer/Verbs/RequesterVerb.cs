using System.Globalization;
using System.Text;
using Fairlead.Conformance;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>requester bind|connect ADDRESS</c>: <c>request TEXT</c> gives the reply, <c>many COUNT</c> asks so many at once and checks that each
/// is echoed, <c>hang</c> asks and goes on.
/// </summary>
internal static class RequesterVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        await using var requester =
            arguments[0] == "bind"
                ? await Requester.BindAsync(arguments[1], Patience.Options)
                : await Requester.ConnectAsync(arguments[1], Patience.Options);
        return await new Commands()
            .On("request", async words =>
            {
                using var reply = await requester.RequestAsync(Encoding.UTF8.GetBytes(string.Join(' ', words)).AsSpan());
                return reply.Text;
            })
            .On("many", async words =>
            {
                var count = int.Parse(words[0], CultureInfo.InvariantCulture);
                var asking = Enumerable.Range(0, count)
                    .Select(i => requester.RequestAsync(Payload.Make(i, 20).AsSpan()).AsTask())
                    .ToArray();
                for (var i = 0; i < count; i++)
                {
                    using var reply = await asking[i];
                    if (Payload.Check(reply.Span).Number != i)
                    {
                        throw new InvalidOperationException($"Request {i} got another's reply.");
                    }
                }

                return words[0];
            })
            .On("hang", words =>
            {
                _ = requester.RequestAsync("hang"u8).AsTask();
                return Task.FromResult("");
            })
            .ObeyAsync(requester);
    }
}
