namespace Fairlead.Cli.Tour;

/// <summary>The counts of one end.</summary>
/// <param name="Share">The part of the input that it should have received.</param>
/// <param name="Messages">Messages that arrived.</param>
/// <param name="Bytes">Bytes of the input in them.</param>
/// <param name="Doubled">Messages that arrived more than once.</param>
/// <param name="Reordered">Messages that arrived after a later one.</param>
/// <param name="Garbled">Messages whose envelope was broken.</param>
/// <param name="Sha256">Hash of all bytes in the order of arrival.</param>
internal sealed record TallyReport(Share Share, int Messages, long Bytes, int Doubled, int Reordered, int Garbled, string Sha256);
