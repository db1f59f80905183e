using System.Globalization;
using Fairlead.Conformance;

namespace Fairlead.TestPeer.Verbs;

/// <summary><c>publisher bind|connect ADDRESS</c>: <c>publish TOPIC COUNT</c> says for how many subscribers the last one was buffered.</summary>
internal static class PublisherVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        await using var publisher = arguments[0] == "bind" ? await Publisher.BindAsync(arguments[1]) : await Publisher.ConnectAsync(arguments[1]);
        var next = 0;
        return await new Commands()
            .On("publish", words =>
            {
                var buffered = 0;
                for (var i = int.Parse(words[1], CultureInfo.InvariantCulture); i > 0; i--)
                {
                    buffered = publisher.Publish(words[0], Payload.Make(next++, 30));
                }

                return Task.FromResult(buffered.ToString(CultureInfo.InvariantCulture));
            })
            .ObeyAsync(publisher);
    }
}
