using System.Globalization;
using Fairlead.Conformance;

namespace Fairlead.TestPeer;

/// <summary>
/// The commands of what receives: <c>take COUNT</c> checks messages and their order, <c>hold</c> takes one and keeps it until
/// <c>accept</c>, <c>reject REASON</c> or <c>drop</c>, <c>run</c> takes all from then on.
/// </summary>
internal sealed class Inbound(Func<ValueTask<Message>> receive)
{
    private readonly Dictionary<int, int> _next = [];
    private Message _held;

    public Commands AddTo(Commands commands) => commands
        .On("take", TakeAsync)
        .On("hold", async _ =>
        {
            _held = await receive();
            return _held.Length.ToString(CultureInfo.InvariantCulture);
        })
        .On("accept", _ => End(held => held.Accept()))
        .On("reject", words => End(held => held.Reject(string.Join(' ', words))))
        .On("drop", _ => End(static _ => { }))
        .On("run", words =>
        {
            _ = RunAsync();
            return Task.FromResult("");
        });

    private async Task<string> TakeAsync(string[] words)
    {
        int count = int.Parse(words[0], CultureInfo.InvariantCulture);
        for (int i = 0; i < count; i++)
        {
            using Message message = await receive();
            Check(message);
            message.Accept();
        }

        return count.ToString(CultureInfo.InvariantCulture);
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                using Message message = await receive();
                Check(message);
                message.Accept();
            }
        }
        catch (Exception end) when (end is FairleadException or ObjectDisposedException)
        {
            // The end of the other side is the end of the run.
        }
    }

    private void Check(Message message)
    {
        (int number, int from) = Payload.Check(message.Span);
        int expected = _next.GetValueOrDefault(from);
        if (number != expected)
        {
            throw new InvalidOperationException($"Message {number} of {from} came, and {expected} was expected.");
        }

        _next[from] = number + 1;
    }

    private Task<string> End(Action<Message> answer)
    {
        answer(_held);
        _held.Dispose();
        return Task.FromResult("");
    }
}
