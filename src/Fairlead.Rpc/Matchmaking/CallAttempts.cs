using Fairlead.Rpc.Calls;

namespace Fairlead.Rpc.Matchmaking;

/// <summary>The former attempts of a call. Made when the first one has failed. One thread at a time.</summary>
internal sealed class CallAttempts(RpcRetry policy)
{
    private int _made;
    private int _renewals;

    /// <summary>The instance of the last attempt, if the next is made elsewhere.</summary>
    public RequesterLane? Failed { get; private set; }

    /// <summary>The time until the next attempt.</summary>
    public TimeSpan Pause { get; private set; }

    /// <summary>Notes that an attempt has failed in a way that allows another.</summary>
    /// <param name="lane">The instance.</param>
    /// <param name="wasExecuted">Whether the instance may have executed the call.</param>
    /// <param name="wasFull">Whether it had no room: another attempt comes after a pause.</param>
    /// <param name="isOnly">Whether there is no other instance: the next attempt is made here again.</param>
    /// <returns>False: it was the last.</returns>
    public bool Fail(RequesterLane lane, bool wasExecuted, bool wasFull, bool isOnly = false)
    {
        IsInDoubt |= wasExecuted;
        Failed = isOnly ? null : lane;
        if (++_made >= policy.MaxAttempts)
        {
            return false;
        }

        double most = Math.Min(policy.FirstPause.TotalMilliseconds * Math.Pow(2, _made - 1), policy.MaxPause.TotalMilliseconds);
        Pause = wasFull ? TimeSpan.FromMilliseconds(most * (1 + Random.Shared.NextDouble()) / 2) : TimeSpan.Zero;
        return true;
    }

    /// <summary>Notes that the connection to an instance had ended before the call was sent: no attempt.</summary>
    public void Skip(RequesterLane lane) => (Failed, Pause) = (lane, TimeSpan.Zero);

    /// <summary>Notes that an instance has another version of the contract, for which the call was renumbered: no attempt.</summary>
    public void Renew()
    {
        _renewals++;
        (Failed, Pause) = (null, TimeSpan.Zero);
    }

    /// <summary>Whether the call may be renumbered once more.</summary>
    public bool MayRenew => _renewals < RpcChannel.MostRenewals;

    /// <summary>Whether an attempt may have executed the call.</summary>
    public bool IsInDoubt { get; private set; }

    /// <summary>Whether the outcome of the last attempt hides that an earlier one may have executed the call.</summary>
    public bool Hides(FairleadException last) => IsInDoubt && last.Delivery == DeliveryStatus.NotDelivered;

    /// <summary>Returns the outcome of all attempts whose last error hides that one may have executed the call.</summary>
    public static FairleadException Unknown(FairleadException last) =>
        new(last.Code, $"{last.WhatHappened}; an earlier attempt of the call may have been executed", last.WhatToDo, last)
        {
            Address = last.Address,
            Delivery = DeliveryStatus.Unknown,
        };

    /// <summary>Returns the outcome of all attempts, the last of which was refused; null: the refusal is the outcome.</summary>
    public FairleadException? Outcome(Message refusal)
    {
        if (!IsInDoubt)
        {
            return null;
        }

        Refusal read = Refusal.Read(refusal);
        return Unknown(new FairleadException(read.Code, read.Text) { Delivery = DeliveryStatus.NotDelivered });
    }
}
