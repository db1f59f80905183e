using Fairlead.Rpc.Calls;
using Fairlead.Testing;

namespace Fairlead.Rpc.Callbacks;

/// <summary>Sends the outcomes of callbacks to the server.</summary>
/// <remarks>Owns nothing. Any thread. No member throws because the server has gone, or does not wait any more.</remarks>
/// <param name="lane">The way to the server.</param>
/// <param name="session">The identity of the session.</param>
/// <param name="ended">Ends with the session.</param>
internal sealed class CallbackAnswers(IRpcLane lane, Guid session, CancellationToken ended)
{
    private static readonly byte[] Accepted = [(byte)ReplyStatus.Ok];

    /// <summary>Sends the answer to a request that has one or was disposed without, and disposes the request.</summary>
    public Task SendAsync(int number, HandmadeRequest request)
    {
        request.Dispose();
        return SendAsync(number, request.Reply, request.Error ?? ErrorCode.Failed, request.ErrorText ?? "");
    }

    /// <summary>Tells that a one-way callback has been taken over.</summary>
    public Task AcceptAsync(int number) => SendAsync(number, Accepted, ErrorCode.Failed, "");

    private async Task SendAsync(int number, ReadOnlyMemory<byte>? reply, ErrorCode error, string text)
    {
        try
        {
            (await RequestAsync(number, reply, error, text).ConfigureAwait(false)).Dispose();
        }
        catch (FairleadException tooLong) when (tooLong.Code == ErrorCode.TooLarge && reply is not null)
        {
            // The server waits for an answer.
            await SendAsync(number, null, tooLong.Code, tooLong.Message).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is FairleadException or OperationCanceledException or ObjectDisposedException)
        {
            // The server no longer waits, or has gone.
        }
    }

    private ValueTask<Message> RequestAsync(int number, ReadOnlyMemory<byte>? reply, ErrorCode error, string text)
    {
        RpcWriter answer = new(stackalloc byte[RpcWriter.InitialSize]);
        try
        {
            Frames.WriteAnswer(ref answer, session, number);
            answer.WriteBoolean(reply is null);
            if (reply is { } bytes)
            {
                answer.WriteRaw(bytes.Span);
            }
            else
            {
                answer.WriteInt32((int)error);
                answer.WriteMessage(text);
            }

            return lane.RequestAsync(answer.Written, default, ended);
        }
        finally
        {
            answer.Dispose();
        }
    }
}
