using System.Threading.Channels;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands;

/// <summary>
/// Requests that are under way: their replies are written in the order of the requests, each as soon as it and all before it are there.
/// </summary>
internal sealed class ReplyQueue
{
    private readonly Channel<Task<Message>> _pending;
    private readonly Task _writing;
    private readonly CancellationToken _token;

    public ReplyQueue(int inFlight, MessageOutput output, CancellationToken cancellationToken)
    {
        // One is awaited by the writer, the others lie in the channel.
        _pending = Channel.CreateBounded<Task<Message>>(Math.Max(1, inFlight - 1));
        _token = cancellationToken;
        _writing = WriteAsync(output);
    }

    /// <summary>Adds a request; waits where too many are under way. Throws what the first that failed threw.</summary>
    public async ValueTask AddAsync(ValueTask<Message> request)
    {
        if (_writing.IsCompleted)
        {
            await _writing;
        }

        try
        {
            await _pending.Writer.WriteAsync(request.AsTask(), _token);
        }
        catch (ChannelClosedException)
        {
            await _writing;
        }
    }

    /// <summary>Waits for the last reply.</summary>
    public Task CompleteAsync()
    {
        _pending.Writer.TryComplete();
        return _writing;
    }

    private async Task WriteAsync(MessageOutput output)
    {
        try
        {
            await foreach (var request in _pending.Reader.ReadAllAsync(_token))
            {
                using var reply = await request;
                output.Write(reply);
            }
        }
        finally
        {
            // After a failure nobody takes more; who waits to add one hears of it.
            _pending.Writer.TryComplete();
        }
    }
}
