using System.Threading.Channels;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands.Messaging;

/// <summary>
/// Requests in flight. Their replies are printed in the order of the requests, each as soon as it and all before it have arrived.
/// </summary>
internal sealed class ReplyQueue
{
    private readonly Channel<Task<Message>> _pending;
    private readonly Task _writing;
    private readonly CancellationToken _token;

    public ReplyQueue(int inFlight, MessageOutput output, CancellationToken cancellationToken)
    {
        // The writer awaits one; the others wait in the channel.
        _pending = Channel.CreateBounded<Task<Message>>(Math.Max(1, inFlight - 1));
        _token = cancellationToken;
        _writing = WriteAsync(output);
    }

    /// <summary>Ends before <see cref="CompleteAsync"/> only with the exception of the first failed request.</summary>
    public Task Ended => _writing;

    /// <summary>Adds a request; waits if too many are in flight. Throws the exception of the first failed one.</summary>
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
            // No request is taken after a failure; a waiting caller gets the exception.
            _pending.Writer.TryComplete();
        }
    }
}
