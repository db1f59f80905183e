using Fairlead.Native;

namespace Fairlead.Synchronization.Waiting;

/// <content>A blocking caller waits in his own thread.</content>
internal sealed unsafe partial class MutexCore
{
    /// <summary>Stands in the line until it is this caller's turn. Blocks.</summary>
    /// <returns>False when the time has passed or the token is cancelled.</returns>
    public bool Enter(int thread, Deadline deadline, CancellationToken token, out Stay stay)
    {
        EnterAttempt attempt = new(this, thread);
        try
        {
            using Sleep sleep = new(token);
            while (true)
            {
                int ended = KeeperWatch.Ended;
                if (!deadline.Passed)
                {
                    attempt.LookOn();
                }

                if (attempt.TryAdvance(out int* word, out int value, out stay))
                {
                    return true;
                }

                if (deadline.Passed || token.IsCancellationRequested)
                {
                    attempt.Abandon();
                    return false;
                }

                sleep.On(word, value, deadline, ended);
                attempt.PassOn(word);
            }
        }
        catch
        {
            attempt.Abandon();
            throw;
        }
    }
}
