namespace Programs;

/// <summary>Takes a mutex, also one whose last owner died inside.</summary>
internal static class Entering
{
    /// <summary>Blocks until this thread owns the mutex.</summary>
    /// <returns>Whether the last owner died while it owned the mutex.</returns>
    public static bool Enter(this Mutex mutex)
    {
        try
        {
            mutex.WaitOne();
            return false;
        }
        catch (AbandonedMutexException)
        {
            return true;
        }
    }
}
