using Fairlead.Memory;

namespace Fairlead.Cli.Tour.Locks;

/// <summary>
/// Several processes use one lock as fast as possible, and check that it keeps its promise. The time is that from requesting to entering.
/// </summary>
internal abstract class LockScenario : Scenario
{
    /// <summary>How often each process uses it.</summary>
    private const int Turns = 1000;

    public override int Joiners => 3;

    public sealed override bool BinderSends => true;

    public sealed override bool JoinersSend => true;

    public sealed override string RoleOf(int seat) => $"process {seat + 1}";

    /// <summary>Removes the lock and the counters.</summary>
    public void Clear(string place)
    {
        Remove(place);
        SharedRegion.Remove(place);
    }

    /// <summary>Removes the lock.</summary>
    protected abstract void Remove(string name);

    /// <summary>Uses the lock repeatedly, together with all others, and closes it.</summary>
    /// <param name="stage">The role.</param>
    /// <param name="place">The name of the lock.</param>
    /// <param name="opened">The lock.</param>
    /// <param name="turn">Enters it once, and counts that on the floor.</param>
    protected static async Task UseAsync<TLock>(Stage stage, string place, TLock opened, Action<TLock, LockFloor> turn)
        where TLock : IDisposable
    {
        using (opened)
        {
            using var memory = SharedRegion.Open(place, LockFloor.Size);
            var floor = new LockFloor(memory);
            await stage.ReadyAsync(place);
            for (var i = 0; i < Turns; i++)
            {
                turn(opened, floor);
            }

            floor.Tell(Turns);
            stage.HasSent();
            stage.Finished.WaitHandle.WaitOne();
            stage.Aborted.ThrowIfCancellationRequested();
            floor.Compare();
            stage.Report(Turns);
        }
    }
}
