using System.Globalization;
using Fairlead.Conformance;
using Fairlead.Synchronization;
using Fairlead.Time;

namespace Fairlead.TestPeer.Verbs.Locks;

/// <summary>
/// <c>condition MUTEX CONDITION</c>: opens both, says <c>ready</c>, then obeys until its input ends: <c>enter</c>, <c>leave</c>, <c>wait
/// [MILLISECONDS]</c>, <c>async [MILLISECONDS]</c>, <c>notify</c>, <c>all</c>. Answers <c>ok</c>, of a wait <c>ok True</c> where it was
/// woken, with <c>died</c> where an owner has died.
/// </summary>
internal static class ConditionVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        using NamedMutex mutex = LockPlaceText.Mutex(arguments[0]);
        using NamedCondition condition = LockPlaceText.Condition(arguments[1], mutex);
        MutexScope scope = default;
        Console.WriteLine("ready");
        while (await Console.In.ReadLineAsync() is { } line)
        {
            string[] words = line.Split(' ');
            TimeSpan? time = words.Length > 1 ? int.Parse(words[1], CultureInfo.InvariantCulture).Milliseconds() : null;
            switch (words[0])
            {
                case "enter":
                    scope = mutex.Enter();
                    Console.WriteLine("ok");
                    break;
                case "leave":
                    scope.Dispose();
                    Console.WriteLine("ok");
                    break;
                case "wait":
                    Console.WriteLine($"ok {condition.Wait(scope, time)}{(scope.OwnerDied ? " died" : "")}");
                    break;
                case "async":
                    Console.WriteLine($"ok {await condition.WaitAsync(scope, time)}{(scope.OwnerDied ? " died" : "")}");
                    break;
                case "notify":
                    condition.Notify(scope);
                    Console.WriteLine("ok");
                    break;
                default:
                    condition.NotifyAll(scope);
                    Console.WriteLine("ok");
                    break;
            }
        }

        return 0;
    }
}
