package main

import "okolo/cmd/loadtest/report"

// reportCmd is loadtest report.
type reportCmd struct {
	File string `arg:"" placeholder:"FILE" help:"JSON that an earlier run wrote."`

	HTML string `placeholder:"FILE" help:"Write the report as one page of HTML that needs nothing else." name:"html"`
	PNG  string `placeholder:"FILE" help:"Draw the charts into a picture." name:"png"`
}

// Run shows the result of an earlier run.
func (c *reportCmd) Run(out *console) error {
	r, err := report.ReadFile(c.File)
	if err != nil {
		return err
	}
	return outputSettings{HTML: c.HTML, PNG: c.PNG}.write(r, out)
}
