namespace Fairlead.Cli.Tour;

/// <summary>The messages of the input that an end should get: each <paramref name="Step"/>-th from <paramref name="First"/> on.</summary>
internal readonly record struct Share(int First, int Step)
{
    public static readonly Share All = new(0, 1);

    public bool Contains(int index) => index % Step == First;
}
