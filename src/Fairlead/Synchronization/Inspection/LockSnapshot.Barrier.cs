using System.Globalization;
using System.Runtime.InteropServices;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Inspection;

/// <content>Barriers.</content>
internal sealed unsafe partial record LockSnapshot
{
    /// <summary>Reads the words of a barrier; null if there are too few.</summary>
    public static LockSnapshot? OfBarrier(ReadOnlySpan<byte> words)
    {
        if (words.Length < BarrierLayout.SlotsAt)
        {
            return null;
        }

        int parties = (int)LockHeader.Options(MemoryMarshal.Read<ulong>(words));
        if (parties is < 0 or > BarrierLayout.MostParties || words.Length < BarrierLayout.Size(parties))
        {
            return null;
        }

        fixed (byte* start = words)
        {
            BarrierWords barrier = new(start, parties);
            List<LockParty> owners = [];
            for (int i = 0; i < parties; i++)
            {
                if (barrier.Slots[i] is var slot && BarrierWords.IsParty(slot))
                {
                    owners.Add(Party(slot.Word, barrier.OwnerInfo(i), (ulong)i));
                }
            }

            BarrierState state = barrier.State;
            return new LockSnapshot("barrier", owners, WaitingIn(words[BarrierLayout.WaitQueueAt..]))
            {
                State = state.IsBroken || barrier.TryFindDead(0, out _, out _)
                    ? "broken"
                    : string.Create(CultureInfo.InvariantCulture, $"{state.Arrived} of {parties} arrived, phase {state.Phase}"),
            };
        }
    }
}
