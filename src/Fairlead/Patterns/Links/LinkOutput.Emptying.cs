
namespace Fairlead.Patterns.Links;

/// <content>Callers that wait until the kernel has the output before them.</content>
internal sealed partial class LinkOutput
{
    /// <summary>Writes the buffered output, and completes the operation when the kernel has all of it or the link has lost some.</summary>
    public void Start(FlushOperation operation)
    {
        bool needsPump = false;
        bool isDone;
        using (_link.Sending.Hold())
        {
            if (operation.IsClaimed)
            {
                return;
            }

            if (!IsBlocked)
            {
                needsPump = FlushNow();
            }

            // The connection of a link that has just gone down is closed and holds nothing; its end contains the lost bytes.
            operation.Rest = _link.State == LinkState.Down ? _link.End!.Unwritten : Unwritten;
            bool isLost = operation.Rest > 0 && (IsBroken || _link.State == LinkState.Down);
            isDone = isLost
                ? operation.TryFail(_endpoint.Presence.EndException(_link))
                : operation.Rest == 0 && operation.TryComplete(true);
            if (!isLost && operation.Rest > 0)
            {
                _flushing.Add(operation);
            }
        }

        // A long message may be complete as well.
        using (Completions completions = Completions.Rent())
        using (_link.Sending.Hold())
        {
            CompleteWriting(completions);
        }

        if (isDone)
        {
            operation.Signal(inline: false);
        }

        if (needsPump)
        {
            _endpoint.Pump.Request();
        }
        else if (!operation.IsBlocking && !operation.IsClaimed)
        {
            _endpoint.Pump.ArmForWaiters();
        }
    }

    /// <summary>Withdraws an operation. Called by its caller, on any thread.</summary>
    public void Withdraw(FlushOperation operation, Exception? error)
    {
        bool isOurs;
        using (_link.Sending.Hold())
        {
            _flushing.Remove(operation);
            isOurs = error is null ? operation.TryComplete(false) : operation.TryFail(error);
        }

        if (isOurs)
        {
            operation.Signal(inline: false);
        }
    }

    /// <summary>Ends all waiting flushes with the reason, because the link is over.</summary>
    public void EndFlushes()
    {
        if (_flushing.Any)
        {
            _flushing.End(_endpoint.Presence.EndException(_link));
        }
    }
}
