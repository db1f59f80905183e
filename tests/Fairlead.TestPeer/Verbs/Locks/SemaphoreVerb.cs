using System.Globalization;
using Fairlead.Conformance;
using Fairlead.Synchronization;
using Fairlead.Time;

namespace Fairlead.TestPeer.Verbs.Locks;

/// <summary>
/// <c>semaphore PLACE PERMITS MAXIMUM</c>: opens a semaphore, says <c>ready</c>, then obeys until its input ends: <c>enter</c>,
/// <c>async</c>, <c>try MILLISECONDS</c>, <c>leave</c>, <c>take</c>, <c>takeasync</c>, <c>post COUNT</c>, <c>count</c>. Answers <c>ok</c>,
/// <c>ok no MESSAGE</c> where it was refused.
/// </summary>
internal static class SemaphoreVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        using NamedSemaphore semaphore = LockPlaceText.Semaphore(
            arguments[0], int.Parse(arguments[1], CultureInfo.InvariantCulture), int.Parse(arguments[2], CultureInfo.InvariantCulture));
        List<SemaphoreScope> inside = [];
        Console.WriteLine("ready");
        while (await Console.In.ReadLineAsync() is { } line)
        {
            string[] words = line.Split(' ');
            string answer = "";
            try
            {
                switch (words[0])
                {
                    case "enter":
                        inside.Add(semaphore.Enter());
                        break;
                    case "async":
                        inside.Add(await semaphore.EnterAsync());
                        break;
                    case "try":
                        inside.Add(semaphore.Enter(int.Parse(words[1], CultureInfo.InvariantCulture).Milliseconds()));
                        break;
                    case "leave":
                        inside[^1].Dispose();
                        inside.RemoveAt(inside.Count - 1);
                        break;
                    case "take":
                        semaphore.Take();
                        break;
                    case "takeasync":
                        await semaphore.TakeAsync();
                        break;
                    case "post":
                        semaphore.Post(int.Parse(words[1], CultureInfo.InvariantCulture));
                        break;
                    case "count":
                        answer = semaphore.CurrentCount.ToString(CultureInfo.InvariantCulture);
                        break;
                    default:
                        answer = "?";
                        break;
                }
            }
            catch (Exception error) when (error is FairleadException or InvalidOperationException)
            {
                answer = $"no {(error as FairleadException)?.Code} {error.Message}";
            }

            Console.WriteLine($"ok {answer}".TrimEnd());
        }

        return 0;
    }
}
