
namespace Fairlead.Patterns.Links;

/// <content>Callers that wait until what was sent before is with the kernel.</content>
internal sealed partial class LinkOutput
{
    /// <summary>
    /// Writes what lies here; the operation is completed when all of it is with the kernel, or the link is lost with some of it.
    /// </summary>
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

            // Of one that has just gone the connection is over, and holds nothing: what it took with it stands in its end.
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

        // A long message may be through with it.
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

    /// <summary>Takes an operation back. By its caller, on any thread.</summary>
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

    /// <summary>The link is over: those who wait hear why.</summary>
    public void EndFlushes()
    {
        if (_flushing.Any)
        {
            _flushing.End(_endpoint.Presence.EndException(_link));
        }
    }
}
