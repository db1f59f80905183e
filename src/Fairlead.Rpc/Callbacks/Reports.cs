namespace Fairlead.Rpc.Callbacks;

/// <summary>The reports to one object of a caller.</summary>
internal interface IReports
{
    /// <summary>Takes no further reports, and completes when the caller has those that were made, or waits for none.</summary>
    Task EndAsync();
}

/// <inheritdoc/>
/// <remarks>
/// Owns the reports that wait, under one lock. One is under way at a time, until the client has executed it. If reports are made faster
/// than that, the oldest that waits is dropped: the newest always arrives. A report is marshalled when it is made. Any thread reports.
/// </remarks>
/// <param name="channel">The way to the object.</param>
/// <param name="write">Marshals a report.</param>
/// <param name="call">Cancelled when the caller no longer waits.</param>
internal sealed class Reports<T>(RpcChannel channel, RpcWrite<T> write, CancellationToken call) : IProgress<T>, IReports
{
    private readonly Lock _lock = new();
    private readonly Queue<byte[]> _waiting = [];
    private Task _sending = Task.CompletedTask;
    private long _bytes;
    private bool _isSending;
    private bool _hasEnded;

    /// <inheritdoc/>
    public void Report(T value)
    {
        byte[] frame = Marshal(value);
        lock (_lock)
        {
            if (_hasEnded)
            {
                return;
            }

            while (_waiting.Count > 0
                && (_waiting.Count == RpcLimits.MaxReports || _bytes + frame.Length > RpcLimits.MaxReportBytes))
            {
                _bytes -= _waiting.Dequeue().Length;
            }

            _waiting.Enqueue(frame);
            _bytes += frame.Length;
            if (!_isSending)
            {
                _isSending = true;
                _sending = Task.Run(SendAsync, CancellationToken.None);
            }
        }
    }

    /// <inheritdoc/>
    public Task EndAsync()
    {
        lock (_lock)
        {
            _hasEnded = true;
            return _sending;
        }
    }

    private byte[] Marshal(T value)
    {
        RpcWriter report = channel.Begin(0, stackalloc byte[RpcWriter.InitialSize]);
        try
        {
            write(ref report, value);
            return report.Written.ToArray();
        }
        finally
        {
            report.Dispose();
        }
    }

    private async Task SendAsync()
    {
        while (TryTake(out byte[] frame))
        {
            if (!await TrySendAsync(frame).ConfigureAwait(false))
            {
                Drop();
            }
        }
    }

    /// <summary>Sends a report.</summary>
    /// <returns>False: the caller takes no more.</returns>
    private async Task<bool> TrySendAsync(byte[] frame)
    {
        try
        {
            await channel.SendAsync(0, frame, call).ConfigureAwait(false);
            return true;
        }
        catch (RpcException)
        {
            // The object threw. Its own side reports that.
            return true;
        }
        catch (FairleadException tooLong) when (tooLong.Code is ErrorCode.TooLarge or ErrorCode.Full)
        {
            return true;
        }
        catch (Exception exception) when (exception is FairleadException or OperationCanceledException)
        {
            // The call has ended at the client, or the client has gone or does not execute the report.
            return false;
        }
    }

    private bool TryTake(out byte[] frame)
    {
        lock (_lock)
        {
            _isSending = _waiting.TryDequeue(out byte[]? next);
            frame = next ?? [];
            _bytes -= frame.Length;
            return _isSending;
        }
    }

    private void Drop()
    {
        lock (_lock)
        {
            _hasEnded = true;
            _waiting.Clear();
            _bytes = 0;
        }
    }
}
